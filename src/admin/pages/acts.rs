//! What the forms of the pages do: the deed, then back to the page it was sent from.

use std::sync::Arc;

use axum::{body::Bytes, extract::State as Shared, response::Redirect};
use serde::Deserialize;

use super::{Refused, Visitor, unreadable};
use crate::{
    admin::{
        Problem, State,
        access::Caller,
        api::{
            backups, digests,
            pauses::{self, Deed},
            runs::{self, Action},
            schedules, searches, tokens,
        },
        extract::InPath,
        session::local,
    },
    store::{PauseKind, RunDeed},
};

/// What most forms send; others send nothing more that matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Back {
    back: String,
}

type Done = Result<Redirect, Refused>;
type Path<T> = Result<InPath<T>, Problem>;
type Form = Result<axum::Form<Back>, axum::extract::rejection::FormRejection>;

/// Back to the page, which says what was done.
fn back(form: Form, otherwise: &str, said: &str) -> Redirect {
    let given = form.map(|axum::Form(form)| form.back).unwrap_or_default();
    let path = if given.is_empty() { otherwise } else { local(&given) };
    let joint = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{joint}said={said}"))
}

/// `POST /runs/{id}/{cancel|retry}`
pub(super) async fn change_run(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<(i64, String)>,
    form: Form,
) -> Done {
    let InPath((id, word)) = unreadable(path)?;
    let deed = match word.as_str() {
        "cancel" => RunDeed::Cancel,
        "retry" => RunDeed::Retry,
        _ => return Err(nothing(&word).into()),
    };
    runs::change(&state, &caller, deed, id).await?;
    Ok(back(form, &format!("/runs/{id}"), deed.as_str()))
}

/// `POST /runs/change`: `action`, and `ids` once for each chosen run.
pub(super) async fn change_runs(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    body: Bytes,
) -> Done {
    let (mut action, mut ids, mut back) = (String::new(), Vec::new(), String::new());
    for (name, value) in url::form_urlencoded::parse(&body) {
        match &*name {
            "action" => action = value.into_owned(),
            "back" => back = value.into_owned(),
            "ids" => {
                let id = value.parse().map_err(|_| Problem::Invalid("ids: expected numbers".to_owned()))?;
                ids.push(id);
            }
            _ => {}
        }
    }
    let deed = match action.as_str() {
        "cancel" => Action::Cancel,
        "retry" => Action::Retry,
        _ => return Err(Problem::Invalid("action: expected cancel or retry".to_owned()).into()),
    };
    let changed =
        if ids.is_empty() { Vec::new() } else { runs::change_all(&state, &caller, deed, &ids).await? };
    let said = if changed.is_empty() { "none" } else { &action };
    Ok(self::back(Ok(axum::Form(Back { back })), "/runs", said))
}

/// `POST /schedules/{name}/{run|pause|resume}`
pub(super) async fn change_schedule(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<(String, String)>,
    form: Form,
) -> Done {
    let InPath((name, word)) = unreadable(path)?;
    if word != "run" {
        let path = Ok(InPath((name, word)));
        return pause_or_resume(&state, &caller, PauseKind::Schedule, path, form).await;
    }
    schedules::start(&state, &caller, &name).await?;
    Ok(back(form, "/schedules", "run"))
}

/// `POST /sources/{name}/{pause|resume}`
pub(super) async fn change_source(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<(String, String)>,
    form: Form,
) -> Done {
    pause_or_resume(&state, &caller, PauseKind::Source, path, form).await
}

/// `POST /queues/{name}/{pause|resume}`
pub(super) async fn change_queue(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<(String, String)>,
    form: Form,
) -> Done {
    pause_or_resume(&state, &caller, PauseKind::Queue, path, form).await
}

/// `POST /searches/{id}/rematch`
pub(super) async fn rematch(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<i32>,
    form: Form,
) -> Done {
    let InPath(id) = unreadable(path)?;
    searches::match_anew(&state, &caller, id).await?;
    Ok(back(form, "/searches", "run"))
}

/// `POST /digests/{id}/{release|drop|retry}`
pub(super) async fn change_digest(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<(String, String)>,
    form: Form,
) -> Done {
    let InPath((id, word)) = unreadable(path)?;
    let deed = digests::do_deed(&state, &caller, &id, &word).await?;
    Ok(back(form, "/digests", deed.as_str()))
}

/// `POST /backups/acknowledge`
pub(super) async fn acknowledge(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    form: Form,
) -> Done {
    backups::end_quarantine(&state, &caller).await?;
    Ok(back(form, "/backups", "acknowledge"))
}

/// `POST /tokens/{id}/revoke`
pub(super) async fn revoke(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Path<String>,
    form: Form,
) -> Done {
    let InPath(id) = unreadable(path)?;
    tokens::take_back(&state, &caller, &id).await?;
    Ok(back(form, "/tokens", "revoke"))
}

async fn pause_or_resume(
    state: &State,
    caller: &Caller,
    kind: PauseKind,
    path: Path<(String, String)>,
    form: Form,
) -> Done {
    let InPath((name, word)) = unreadable(path)?;
    pauses::change(state, caller, deed(&word)?, kind, &name).await?;
    Ok(back(form, &format!("/{}s", kind.as_str()), &word))
}

fn deed(word: &str) -> Result<Deed, Problem> {
    match word {
        "pause" => Ok(Deed::Pause),
        "resume" => Ok(Deed::Resume),
        _ => Err(nothing(word)),
    }
}

fn nothing(word: &str) -> Problem {
    Problem::NotFound(format!("there is no deed \"{word}\""))
}
