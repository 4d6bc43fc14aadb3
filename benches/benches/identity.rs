//! Tokens and sessions, beside the least that they could cost: jsonwebtoken for one that was never seen, and
//! one SHA-256 and one look-up in a map for one that was.

use std::{collections::HashMap, hint::black_box};

use criterion::Criterion;
use jsonwebtoken::{DecodingKey, Validation};
use saas_auth::{AuthConfig, Authenticated, Device, Identity, Membership, NewMembership};
use saas_core::{Granted, Secret};
use saas_tenancy::{SystemScope, Tenant};
use saas_testkit::{TestDatabase, TestSetup};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

/// Reads what a service reads of a token.
#[derive(Deserialize)]
struct Claims {
    #[expect(dead_code, reason = "the cost of reading it is what is measured")]
    sub: String,
    #[expect(dead_code, reason = "the cost of reading it is what is measured")]
    tid: String,
}

/// Measures tokens, and the sessions of browsers.
pub(crate) fn identity(criterion: &mut Criterion, runtime: &Runtime, db: &TestDatabase) {
    let load = |config: &AuthConfig| {
        let registry = db.registry();
        let identity = Identity::load(db.database(), &registry, config);
        runtime.block_on(identity).unwrap()
    };
    let mut config = AuthConfig::default();
    let identity = load(&config);
    let (tenant, who) = runtime.block_on(signed_in(db, &identity));
    let tokens = identity.refresh_tokens();
    let issued = runtime
        .block_on(tokens.begin(&who, "web", &Granted::All))
        .unwrap();
    let issue = || {
        let issuer = &identity.config().token.issuer;
        identity.issuer().issue(issued.session(), issuer).unwrap()
    };
    let token = issue().expose().to_owned();
    config.token.cache_entries = 0;
    let forgetful = load(&config);
    criterion.bench_function("token/issue", |bench| bench.iter(issue));
    criterion.bench_function("token/verify/cold", |bench| {
        bench.iter(|| forgetful.verifier().verify(black_box(&token)).unwrap())
    });
    jsonwebtoken(criterion, &identity, &token);
    criterion.bench_function("token/verify/known", |bench| {
        bench.iter(|| identity.verifier().verify(black_box(&token)).unwrap())
    });
    map(criterion, &token);
    let browser = runtime.block_on(identity.sessions().begin(&who)).unwrap();
    criterion.bench_function("session/resume", |bench| {
        bench.to_async(runtime).iter(|| async {
            let resumed = identity.sessions().resume(&tenant, browser.secret());
            resumed.await.unwrap().unwrap()
        });
    });
}

/// The same check by jsonwebtoken alone.
fn jsonwebtoken(criterion: &mut Criterion, identity: &Identity, token: &str) {
    let keys = serde_json::to_value(identity.keys().public()).unwrap();
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let config = &identity.config().token;
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&config.audience]);
    validation.set_issuer(&[&config.issuer]);
    // It asks the clock of the machine, and the token is of the one of the tests.
    validation.leeway = 10 * 365 * 86_400;
    criterion.bench_function("token/verify/jsonwebtoken", |bench| {
        bench.iter(|| {
            jsonwebtoken::decode::<Claims>(black_box(token), &key, &validation)
                .unwrap()
                .claims
        })
    });
}

/// One SHA-256 and one look-up among 10,000, with a copy of what is found.
fn map(criterion: &mut Criterion, token: &str) {
    let digest = |text: &str| -> [u8; 32] { Sha256::digest(text.as_bytes()).into() };
    let mut known: HashMap<[u8; 32], std::sync::Arc<str>> = (0..10_000)
        .map(|n| (digest(&format!("token {n}")), "somebody".into()))
        .collect();
    known.insert(digest(token), "somebody".into());
    criterion.bench_function("token/verify/map", |bench| {
        bench.iter(|| known.get(&digest(black_box(token))).cloned().unwrap())
    });
}

/// Signs somebody in.
async fn signed_in(db: &TestDatabase, identity: &Identity) -> (Tenant, Authenticated) {
    let tenant = db.tenant("tokens").await;
    let (password, device) = (
        Secret::from("a horse, a battery, a staple"),
        Device::default(),
    );
    let hash = identity.passwords().check(&password, &[]).await.unwrap();
    let hash = identity.passwords().hash(&hash).await.unwrap();
    let mut tx = db
        .database()
        .system_write(&SystemScope::<TestSetup>::enter());
    let email = "ann@tokens.test".parse().unwrap();
    let user = identity
        .accounts()
        .create(&mut tx, &email, &hash)
        .await
        .unwrap();
    let mut tx = tx.into_scope(&db.scope(&tenant)).await.unwrap();
    let member = NewMembership::new(email.to_string(), "Ann");
    let id = Membership::id_of(user);
    tx.repo::<Membership>().insert_as(id, member).await.unwrap();
    tx.commit().await.unwrap();
    let who = identity
        .sign_ins()
        .by_password(&tenant, email.as_str(), &password, &device)
        .await
        .unwrap();
    (tenant, who.authenticated().unwrap())
}
