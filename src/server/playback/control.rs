//! What is asked of a playback itself: sessions, resets, what was not used. Paths begin with `/_smcheck/`.

use serde_json::{Value, json};

use super::options::{Dates, Exhausted, Mode, Options};
use super::{Playback, miss};
use crate::server::admin::BAD_REQUEST;
use crate::service::{WireRequest, WireResponse};

/// So many unused exchanges are listed.
const LISTED: usize = 1000;

impl Playback {
    /// Answers what is asked of the playback itself.
    pub(super) fn control(&self, request: &WireRequest) -> WireResponse {
        match self.try_control(request) {
            Ok(body) => WireResponse::success(Some(&body), miss::REQUEST_ID),
            Err(why) => WireResponse::refusal(400, BAD_REQUEST, &why, miss::REQUEST_ID),
        }
    }

    fn try_control(&self, request: &WireRequest) -> Result<Value, String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let wants = |method: &str| match request.method == method {
            true => Ok(()),
            false => Err(format!("{path} takes {method}")),
        };
        match path {
            "/_smcheck/health" => {
                wants("GET")?;
                let exchanges: usize = self.shelf.iter().map(|shelved| shelved.cassette.len()).sum();
                let sessions = self.lock().len();
                Ok(
                    json!({"status": "ok", "recordings": self.shelf.len(), "exchanges": exchanges, "sessions": sessions}),
                )
            }
            "/_smcheck/unused" => {
                wants("GET")?;
                self.tell_unused(session_of(query)?.as_deref())
            }
            "/_smcheck/reset" => {
                wants("POST")?;
                let dropped = match session_of(query)? {
                    None => std::mem::take(&mut *self.lock_to_change()).len(),
                    Some(name) => match self.lock_to_change().remove(&name) {
                        Some(_) => 1,
                        None => return Err("there is no session of this name".to_owned()),
                    },
                };
                Ok(json!({"reset": dropped}))
            }
            _ => match path.strip_prefix("/_smcheck/sessions/") {
                Some(name) => {
                    wants("POST")?;
                    self.make(&decoded(name)?, request)
                }
                None => {
                    Err("there are only sessions/NAME, health, reset and unused under /_smcheck/ here"
                        .to_owned())
                }
            },
        }
    }

    fn make(&self, name: &str, request: &WireRequest) -> Result<Value, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 128 || !name.bytes().all(fits) {
            return Err("a session's name is that of an access key: 1 to 128 of A-Z a-z 0-9 - _ .".to_owned());
        }
        let (recordings, options) = match request.body.is_empty() {
            true => (None, self.options),
            false => settings(&request.json().ok_or("the body is no JSON")?, self.options)?,
        };
        let found = self.make_session(name, recordings.as_deref(), options)?;
        Ok(json!({"session": name, "recordings": found}))
    }

    fn tell_unused(&self, session: Option<&str>) -> Result<Value, String> {
        let all = match session {
            None => self.unused_exchanges(),
            Some(name) => self.unused_of(name).ok_or("there is no session of this name")?,
        };
        let listed: Vec<Value> = all
            .iter()
            .take(LISTED)
            .map(|one| json!({"recording": one.recording, "step": one.step, "operation": one.operation}))
            .collect();
        Ok(json!({"unused": all.len(), "exchanges": listed}))
    }
}

/// What the body of a new session says.
fn settings(body: &Value, mut options: Options) -> Result<(Option<Vec<String>>, Options), String> {
    let Value::Object(members) = body else { return Err("the body is an object".to_owned()) };
    let mut recordings = None;
    for (member, value) in members {
        let word = value.as_str().unwrap_or_default();
        let unknown = |words: &str| format!("`{member}` is one of {words}");
        match member.as_str() {
            "recording" => {
                let many = value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect());
                let names: Vec<&str> = many.or(value.as_str().map(|one| vec![one])).unwrap_or_default();
                if names.is_empty() {
                    return Err("`recording` is the name of one, or a list of names".to_owned());
                }
                recordings = Some(names.into_iter().map(str::to_owned).collect());
            }
            "mode" => {
                options.mode = Mode::named(word).ok_or_else(|| unknown("strict, any-order, stateful"))?;
            }
            "exhausted" => {
                let named = Exhausted::named(word).ok_or_else(|| unknown("error, repeat-last, derive"))?;
                options.exhausted = Some(named);
            }
            "dates" => options.dates = Dates::named(word).ok_or_else(|| unknown("now, keep"))?,
            _ => return Err("the body has only `recording`, `mode`, `exhausted` and `dates`".to_owned()),
        }
    }
    Ok((recordings, options))
}

/// The session that a query names.
fn session_of(query: &str) -> Result<Option<String>, String> {
    match query.split_once('=') {
        None if query.is_empty() => Ok(None),
        Some(("session", name)) => decoded(name).map(Some),
        _ => Err("the query is session=NAME".to_owned()),
    }
}

/// Text of a path, in which `%2D` is a hyphen.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || "the name is not well encoded".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
            let digits = std::str::from_utf8(&digits).map_err(|_| wrong())?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}
