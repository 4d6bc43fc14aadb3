//! What has to hold of the tokens in links.

use saas_core::{Id, Secret, Timestamp};
use uuid::Uuid;

use super::{Kind, ProofRow, token::Token};
use crate::fuzzing::{keys, tenant};

/// A token is good for its row alone, and no other text is.
///
/// # Panics
///
/// When it does not hold.
pub fn link_token(text: &str) {
    let row = row(Kind::Reset);
    let token = Token::write(keys(), &row);
    let sent = Secret::new(text.to_owned());
    let same = text == token.expose();
    assert_eq!(Token::matches(keys(), &row, &sent), same);
    assert!(!same || Token::row(&sent) == Some(row.id));
    for other in [Kind::Invitation, Kind::Verification, Kind::EmailChange] {
        assert!(!Token::matches(keys(), &self::row(other), &sent));
    }
    let half = token.expose().get(text.len()..).unwrap_or_default();
    let changed = Secret::new(format!("{text}{half}"));
    let same = changed.expose() == token.expose();
    assert_eq!(Token::matches(keys(), &row, &changed), same);
}

fn row(kind: Kind) -> ProofRow {
    #[expect(clippy::expect_used, reason = "it is the beginning of 1970")]
    let now = Timestamp::from_micros(0).expect("a time");
    ProofRow {
        id: Id::from_uuid(Uuid::from_bytes([7; 16])),
        tenant_id: tenant(1),
        kind,
        account_id: None,
        generation: 0,
        email: "Ann@acme.test".to_owned(),
        email_key: "ann@acme.test".to_owned(),
        roles: None,
        made_by: String::new(),
        created_at: now,
        expires_at: now,
        used_at: None,
    }
}
