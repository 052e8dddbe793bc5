//! Traces: one trace from the wish for a run to the notice that came of it, across processes.
//!
//! What is handed on is a W3C `traceparent`, kept with runs, outbox rows and fresh matches. Whoever writes one of these within a span hands
//! that span on ([`current`]); whoever takes one up makes it the parent of its own span ([`follow`]), or a link where it is not the only
//! cause: an attempt after the first, a batch of postings from many runs.
//!
//! Spans leave the process with the feature `otel` and `OTEL_EXPORTER_OTLP_ENDPOINT` set; sampling and names are those of the OpenTelemetry
//! environment variables. Otherwise everything here does nothing. It must not fail or delay the work: spans that cannot be sent are lost.

#[cfg(feature = "otel")]
mod otlp;

use tracing::Span;

/// What an earlier span is to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The cause: both are in one trace.
    Parent,
    /// One of several, or of an earlier try: a trace of its own that points to it.
    Link,
}

/// The span that is entered now, as `traceparent`; nothing where no spans are sent.
pub fn current() -> Option<String> {
    #[cfg(feature = "otel")]
    return otlp::traceparent(&Span::current());
    #[cfg(not(feature = "otel"))]
    None
}

/// Says what a new span follows from: `traceparent` becomes its parent or a link; what is no `traceparent` changes nothing. Then the field
/// `trace_id` of the span is recorded, where it has one, so that log lines can be found from a trace. To be called before it is entered.
pub fn follow(span: &Span, traceparent: Option<&str>, cause: Cause) {
    #[cfg(feature = "otel")]
    otlp::follow(span, traceparent, cause);
    #[cfg(not(feature = "otel"))]
    let _ = (span, traceparent, cause);
}

/// Links the span that is entered now to one more cause.
pub fn link(traceparent: &str) {
    #[cfg(feature = "otel")]
    otlp::link(&Span::current(), traceparent);
    #[cfg(not(feature = "otel"))]
    let _ = traceparent;
}

/// Sends what was not sent yet, for a process that is about to end.
pub fn finish() {
    #[cfg(feature = "otel")]
    otlp::finish();
}

#[cfg(feature = "otel")]
pub(super) use otlp::layer;
