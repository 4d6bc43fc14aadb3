//! The whole path of an access token, from its text to a caller.
#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use saas_auth::{Keys, Revocations, TokenConfig, Verifier};
use saas_fuzz::lines;
use saas_testkit::TestDatabase;
use tokio::runtime::Runtime;

/// Keys live in a database, which stays as long as the process.
static WORLD: OnceLock<(Runtime, TestDatabase, Verifier)> = OnceLock::new();

fuzz_target!(
    init: {
        let runtime = Runtime::new().expect("a runtime");
        let (db, verifier) = runtime.block_on(async {
            let modules = [&saas_tenancy::MODULE, &saas_auth::MODULE];
            let db = TestDatabase::sqlite(&modules).await;
            let config = TokenConfig::default();
            let keys = Keys::load_or_create(db.database(), config.key_overlap()).await;
            let revocations = Revocations::load(db.database(), config.longest()).await;
            let (keys, revocations) = (keys.expect("keys"), revocations.expect("revocations"));
            let clock = Arc::clone(db.database().clock());
            let verifier = Verifier::new(keys, revocations, config, clock).expect("a verifier");
            (db, verifier)
        });
        assert!(WORLD.set((runtime, db, verifier)).is_ok());
    },
    |data: &[u8]| {
        let (Some((_, _, verifier)), Some([header, claims])) = (WORLD.get(), lines(data)) else {
            return;
        };
        saas_auth::fuzzing::access_token(verifier, header);
        saas_auth::fuzzing::signed_token(verifier, header, claims);
    }
);
