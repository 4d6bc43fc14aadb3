//! The token in a link.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, KeyRing, Purpose, Secret};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::ProofRow;

const PURPOSE: Purpose = Purpose::new("saas-auth/proof/1");

/// The name of the key, the id and the seal (16 bytes), in base64url without padding.
const ENCODED: usize = (1 + 16 + 16) * 4 / 3;

/// Writes and reads tokens.
pub(super) struct Token;

impl Token {
    /// Writes the token of a row.
    pub(super) fn write(keys: &KeyRing, row: &ProofRow) -> Secret<String> {
        let (id, tenant) = (row.id.as_uuid(), row.tenant_id.as_uuid());
        Secret::new(keys.seal(PURPOSE, &context(row, tenant.as_bytes()), id.as_bytes()))
    }

    /// Reads which row a token is about, which proves nothing yet.
    pub(super) fn row(token: &Secret<String>) -> Option<Id<ProofRow>> {
        let text = token.expose();
        if text.len() != ENCODED {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (_, rest) = bytes.split_first()?;
        let id = rest.first_chunk::<16>()?;
        Some(Id::from_uuid(Uuid::from_bytes(*id)))
    }

    /// Tells whether a token is that of a row.
    pub(super) fn matches(keys: &KeyRing, row: &ProofRow, token: &Secret<String>) -> bool {
        let (id, tenant) = (row.id.as_uuid(), row.tenant_id.as_uuid());
        let opened = keys.open(PURPOSE, &context(row, tenant.as_bytes()), token.expose());
        opened.is_ok_and(|opened| opened.ct_eq(id.as_bytes()).into())
    }
}

fn context<'a>(row: &'a ProofRow, tenant: &'a [u8]) -> [&'a [u8]; 3] {
    [row.kind.name().as_bytes(), tenant, row.email_key.as_bytes()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use saas_core::{TenantId, Timestamp};

    use super::{super::Kind, *};

    fn row() -> ProofRow {
        let now = Timestamp::from_micros(0).unwrap();
        ProofRow {
            id: Id::generate(),
            tenant_id: TenantId::generate(),
            kind: Kind::Reset,
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

    #[test]
    fn pwd_31_a_token_is_for_one_row_kind_tenant_and_address() {
        let (keys, row) = (KeyRing::generate().unwrap(), row());
        let token = Token::write(&keys, &row);
        assert_eq!(token.expose().len(), ENCODED);
        assert_eq!(Token::row(&token), Some(row.id));
        assert!(Token::matches(&keys, &row, &token));
        let others = [
            ProofRow {
                id: Id::generate(),
                ..row.clone()
            },
            ProofRow {
                tenant_id: TenantId::generate(),
                ..row.clone()
            },
            ProofRow {
                kind: Kind::EmailChange,
                ..row.clone()
            },
            ProofRow {
                email_key: "eve@acme.test".to_owned(),
                ..row.clone()
            },
        ];
        for other in others {
            assert!(!Token::matches(&keys, &other, &token), "{other:?}");
        }
        let strangers = KeyRing::generate().unwrap();
        assert!(!Token::matches(&strangers, &row, &token));
    }

    proptest! {
        #[test]
        fn any_token_is_read_or_refused(text in ".{0,60}|[A-Za-z0-9_-]{0,44}") {
            super::super::fuzzing::link_token(&text);
        }

        #[test]
        fn what_was_changed_anywhere_matches_no_more(at in 0_usize..ENCODED, to in "[A-Za-z0-9_-]") {
            let (keys, row) = (KeyRing::generate().unwrap(), row());
            let token = Token::write(&keys, &row);
            let mut changed = token.expose().clone();
            changed.replace_range(at..=at, &to);
            let same = changed == *token.expose();
            prop_assert_eq!(Token::matches(&keys, &row, &Secret::new(changed)), same);
        }
    }
}
