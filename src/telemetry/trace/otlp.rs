//! Spans to a collector by OTLP over HTTP. The only place that names opentelemetry.

use std::{sync::OnceLock, time::Duration};

use opentelemetry::{
    Context, KeyValue,
    trace::{
        SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
    },
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::Cause;

/// Longest time for what is left when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What sends the spans of this program; `None` where no collector is named.
///
/// # Errors
/// Says what in the environment cannot be used.
pub(in crate::telemetry) fn layer<S>() -> Result<Option<impl Layer<S>>, String>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let given = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !given("OTEL_EXPORTER_OTLP_ENDPOINT") && !given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .build()
        .map_err(|error| format!("OTEL_EXPORTER_OTLP_*: {error}"))?;
    let mut resource =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if !given("OTEL_SERVICE_NAME") {
        resource = resource.with_service_name("career-worker");
    }
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let provider = PROVIDER.get_or_init(|| provider);
    Ok(Some(tracing_opentelemetry::layer().with_tracer(provider.tracer("career-worker"))))
}

pub(super) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        // A collector that does not answer has no part in how the process ends.
        let _ = provider.shutdown_with_timeout(LAST_WORDS);
    }
}

pub(super) fn traceparent(span: &Span) -> Option<String> {
    PROVIDER.get()?;
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| {
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    })
}

pub(super) fn follow(span: &Span, traceparent: Option<&str>, cause: Cause) {
    if PROVIDER.get().is_none() {
        return;
    }
    match (traceparent.and_then(read), cause) {
        (Some(context), Cause::Parent) => {
            // A span that no layer wants has no parent either.
            let _ = span.set_parent(Context::new().with_remote_span_context(context));
        }
        (Some(context), Cause::Link) => span.add_link(context),
        (None, _) => {}
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    if context.is_valid() {
        span.record("trace_id", tracing::field::display(context.trace_id()));
    }
}

pub(super) fn link(span: &Span, traceparent: &str) {
    if PROVIDER.get().is_some()
        && let Some(context) = read(traceparent)
    {
        span.add_link(context);
    }
}

/// `version-trace-parent-flags`, all of them hexadecimal; later versions may say more.
fn read(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let whole = [(version, 2), (trace, 32), (parent, 16), (flags, 2)];
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if whole.iter().any(|(part, length)| part.len() != *length || !part.bytes().all(hexadecimal))
        || version == "ff"
        || version == "00" && parts.next().is_some()
    {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(parent).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_or_left() {
        let context = read(WHOLE).unwrap();
        assert!(context.is_remote() && context.is_sampled());
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(!read(&WHOLE.replace("-01", "-00")).unwrap().is_sampled());
        assert!(read(&format!("{}-more", WHOLE.replacen("00", "01", 1))).is_some(), "a later version");
        for wrong in [
            "",
            "x",
            &WHOLE.to_uppercase(),
            &WHOLE.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &WHOLE.replace("b7ad6b7169203331", &"0".repeat(16)),
            &WHOLE.replacen("00", "ff", 1),
            &format!("{WHOLE}-more"),
            &WHOLE.replace("-01", "-+1"),
            &WHOLE[..54],
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
