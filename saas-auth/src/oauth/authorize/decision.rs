//! What has to happen before a client gets its code.

use std::time::Duration;

use saas_core::Timestamp;

use super::{asked::Asked, fault::Fault};
use crate::{Session, mfa::REMEMBERED};

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The person signs in, again if there is a session.
    SignIn,
    /// The person is asked.
    Consent,
    /// The client gets its code.
    Code,
    /// The client is told that there is none.
    Refuse(Fault),
}

/// Decides by the request, the session of the browser, and whether the person has consented to all of it before.
pub(super) fn next(
    asked: &Asked,
    session: Option<&Session>,
    consented: bool,
    now: Timestamp,
) -> Next {
    let signed_in = session.is_some_and(|session| is_fresh(asked, session, now));
    let weak = session.is_some_and(|session| asked.level > Some(session.level()));
    // Whoever has just signed in for it has proven all that they have, unless the device was remembered.
    let all = |session: &Session| {
        let remembered = session.methods.iter().any(|method| method == REMEMBERED);
        session.authenticated_at >= asked.at.time() && !remembered
    };
    if weak && session.is_some_and(all) {
        return Next::Refuse(Fault::UNMET);
    }
    let signed_in = signed_in && !weak;
    match (asked.prompt.none, signed_in) {
        (true, false) => Next::Refuse(Fault::LOGIN_REQUIRED),
        (true, true) if !consented => Next::Refuse(Fault::CONSENT_REQUIRED),
        (false, false) => Next::SignIn,
        (false, true) if asked.prompt.consent || !consented => Next::Consent,
        _ => Next::Code,
    }
}

/// Tells whether a session is of the right person, and recent enough. A sign-in after the request was made is,
/// however slowly it went on.
fn is_fresh(asked: &Asked, session: &Session, now: Timestamp) -> bool {
    if asked.person.is_some_and(|person| person != session.user) {
        return false;
    }
    if session.authenticated_at >= asked.at.time() {
        return true;
    }
    let old = asked.max_age.is_some_and(|seconds| {
        let latest = Duration::from_secs(seconds);
        session.authenticated_at.saturating_add(latest) < now
    });
    !asked.prompt.login && !old
}

#[cfg(test)]
mod tests {
    use saas_core::{Granted, Id, Level};

    use super::*;
    use crate::SessionInfo;

    const MINUTE: Duration = Duration::from_secs(60);

    fn session(at: Timestamp) -> Session {
        Session::from(SessionInfo {
            id: Id::generate(),
            user: Id::generate(),
            tenant: Id::generate(),
            client: None,
            granted: Granted::All,
            methods: vec!["pwd".to_owned()],
            authenticated_at: at,
            device: String::new(),
            address: String::new(),
            created_at: at,
            seen_at: at,
            expires_at: at.saturating_add(MINUTE * 600),
        })
    }

    fn asked(at: Timestamp, members: &str) -> Asked {
        let json = format!(
            r#"{{"client":"web","redirect_uri":"https://a.example/cb","scopes":[],"challenge":"x","at":{}{members}}}"#,
            at.as_micros()
        );
        serde_json::from_str(&json).unwrap()
    }

    fn prompt(none: bool, login: bool, consent: bool) -> String {
        format!(r#","prompt":{{"none":{none},"login":{login},"consent":{consent}}}"#)
    }

    #[test]
    fn oau_19_what_happens_next() {
        let begin = Timestamp::from_secs(1_000_000).unwrap();
        let now = begin.saturating_add(MINUTE * 10);
        let person = session(begin);
        let (plain, none, login, consent) = (
            prompt(false, false, false),
            prompt(true, false, false),
            prompt(false, true, false),
            prompt(false, false, true),
        );
        let hint = |user| format!(r#","person":"{user}""#);
        let (own, other) = (hint(person.user), hint(Id::generate()));
        let age = |seconds: u64| format!(r#","max_age":{seconds}"#);
        let level = |name: &str| format!(r#","level":"{name}""#);
        use Next::{Code, Consent, Refuse, SignIn};
        let table: Vec<(String, bool, bool, Next)> = vec![
            (plain.clone(), false, false, SignIn),
            (plain.clone(), true, false, Consent),
            (plain.clone(), true, true, Code),
            (none.clone(), false, true, Refuse(Fault::LOGIN_REQUIRED)),
            (none.clone(), true, false, Refuse(Fault::CONSENT_REQUIRED)),
            (none.clone(), true, true, Code),
            (login.clone(), true, true, SignIn),
            (consent.clone(), true, true, Consent),
            (consent, false, true, SignIn),
            (plain.clone() + &age(600), true, true, Code),
            (plain.clone() + &age(599), true, true, SignIn),
            (plain.clone() + &age(0), true, true, SignIn),
            (plain.clone() + &age(u64::MAX), true, true, Code),
            (
                none.clone() + &age(599),
                true,
                true,
                Refuse(Fault::LOGIN_REQUIRED),
            ),
            (plain.clone() + &own, true, true, Code),
            (plain.clone() + &other, true, true, SignIn),
            (
                none.clone() + &other,
                true,
                true,
                Refuse(Fault::LOGIN_REQUIRED),
            ),
            (none.clone() + &own, true, true, Code),
            (plain.clone() + &level("aal1"), true, true, Code),
            (plain.clone() + &level("aal2"), true, true, SignIn),
            (plain + &level("phr"), false, true, SignIn),
            (
                none + &level("aal2"),
                true,
                true,
                Refuse(Fault::LOGIN_REQUIRED),
            ),
        ];
        for (members, signed_in, consented, expected) in table {
            let asked = asked(now, &members);
            let person = signed_in.then_some(&person);
            assert_eq!(next(&asked, person, consented, now), expected, "{members}");
        }
    }

    #[test]
    fn a_sign_in_for_the_request_is_enough_however_long_it_went_on() {
        let asked_at = Timestamp::from_secs(1_000_000).unwrap();
        let person = session(asked_at.saturating_add(MINUTE));
        let later = asked_at.saturating_add(MINUTE * 20);
        for members in [
            prompt(false, true, false),
            prompt(false, false, false) + r#","max_age":0"#,
        ] {
            let asked = asked(asked_at, &members);
            assert_eq!(
                next(&asked, Some(&person), true, later),
                Next::Code,
                "{members}"
            );
        }
    }

    #[test]
    fn mfa_13_a_level_that_the_sign_in_for_it_has_not_reached_is_refused() {
        let asked_at = Timestamp::from_secs(1_000_000).unwrap();
        let mut info: SessionInfo = (*session(asked_at.saturating_add(MINUTE))).clone();
        let later = asked_at.saturating_add(MINUTE * 2);
        for (methods, reached) in [
            ("pwd", "aal1"),
            ("pwd device", "aal1"),
            ("pwd otp", "aal2"),
            ("pop uv", "phr"),
        ] {
            info.methods = methods.split(' ').map(str::to_owned).collect();
            let person = Session::from(info.clone());
            for level in Level::ALL {
                let members = prompt(false, false, false) + &format!(r#","level":"{level}""#);
                let enough = person.level() >= level;
                assert_eq!(person.level().as_str(), reached);
                let expected = match enough {
                    true => Next::Code,
                    false if methods.ends_with("device") => Next::SignIn,
                    false => Next::Refuse(Fault::UNMET),
                };
                let next = next(&asked(asked_at, &members), Some(&person), true, later);
                assert_eq!(next, expected, "{methods} for {level}");
            }
        }
    }
}
