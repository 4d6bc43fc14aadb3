//! Choosing a password, and the key that hashes are made with.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use saas_auth::{
    BreachedError, BreachedPasswords, Error, InvalidPassword, PasswordConfig, Passwords,
    Sha1Digest, Unchecked,
};
use saas_core::{Code, KeyRing, Problem, Secret};
use saas_tenancy::{Column as _, Dialect};

use crate::world::{PASSWORD, World};

/// `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`, from the test suite of phc-winner-argon2.
const WITHOUT_A_KEY: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

/// `printf 'correct horse battery' | sha1sum`, in the form of the list.
const LISTED: &str = "98DECC62ECE399A22ED30D490EF333BE7FDE7385:7\r\n";

fn passwords(change: impl FnOnce(&mut PasswordConfig)) -> Passwords {
    let mut config = PasswordConfig::default();
    change(&mut config);
    Passwords::new(&config, &KeyRing::generate().unwrap()).unwrap()
}

async fn refused(passwords: &Passwords, text: &str, context: &[&str]) -> InvalidPassword {
    match passwords.check(&Secret::from(text), context).await {
        Err(Error::InvalidPassword(why)) => why,
        other => panic!("{text}: {other:?}"),
    }
}

#[tokio::test]
async fn pwd_08_a_weak_password_is_refused_with_what_to_do_and_without_its_text() {
    let passwords = passwords(|_| {});
    let context = ["zebulon@wobbelquark.test"];
    for (text, why) in [
        ("1234567", InvalidPassword::Short),
        ("password2026", InvalidPassword::Common),
        ("wobbelquark", InvalidPassword::Personal),
        ("something else", InvalidPassword::Weak),
    ] {
        assert_eq!(refused(&passwords, text, &context).await, why);
        let problem = Problem::from(Error::from(why));
        assert_eq!(problem.code(), Code::VALIDATION);
        assert_eq!(problem.fields()[0].field, "password");
        assert!(!problem.fields()[0].message.contains(text));
    }
    // Whoever wants more gets more.
    let strict = Secret::from("another password");
    assert!(passwords.check(&strict, &[]).await.is_ok());
    let passwords = self::passwords(|config| config.min_score = 4);
    let why = refused(&passwords, "another password", &[]).await;
    assert_eq!(why, InvalidPassword::Weak);
}

/// A list that answers as it is told.
#[derive(Debug)]
struct List {
    answer: Option<bool>,
    hangs: bool,
    asked: Mutex<Vec<String>>,
}

impl List {
    fn new(answer: Option<bool>, hangs: bool) -> Arc<Self> {
        let asked = Mutex::default();
        Arc::new(Self {
            answer,
            hangs,
            asked,
        })
    }
}

#[async_trait]
impl BreachedPasswords for List {
    async fn contains(&self, digest: &Sha1Digest) -> Result<bool, BreachedError> {
        self.asked.lock().unwrap().push(digest.prefix());
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.answer.ok_or_else(|| BreachedError::new("no network"))
    }
}

#[tokio::test]
async fn a_password_that_is_known_from_elsewhere_cannot_be_chosen() {
    let list = List::new(Some(true), false);
    let passwords = passwords(|_| {}).with_breached(list.clone());
    let why = refused(&passwords, PASSWORD, &[]).await;
    assert_eq!(why, InvalidPassword::Breached);
    // `printf 'correct horse battery' | sha1sum`
    assert_eq!(*list.asked.lock().unwrap(), ["98DEC"]);
    // What is refused anyhow is not looked up.
    refused(&passwords, "password", &[]).await;
    assert_eq!(list.asked.lock().unwrap().len(), 1);
    // Who has the password still signs in with it.
    let unlisted = self::passwords(|_| {});
    let chosen = unlisted.check(&Secret::from(PASSWORD), &[]).await.unwrap();
    let hash = unlisted.hash(&chosen).await.unwrap();
    let unlisted = unlisted.with_breached(list);
    let verified = unlisted
        .verify_without_limit(&Secret::from(PASSWORD), Some(&hash))
        .await;
    assert!(matches!(verified, Ok(None)));
}

#[tokio::test]
async fn the_list_can_be_a_file_of_the_configuration() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "98DEC\n").unwrap();
    let mut config = PasswordConfig::default();
    config.breached_list = Some(file.path().to_owned());
    let keys = KeyRing::generate().unwrap();
    let unreadable = Passwords::new(&config, &keys).unwrap_err();
    assert!(matches!(unreadable, Error::BreachedPasswords(_)));
    std::fs::write(file.path(), LISTED).unwrap();
    let passwords = Passwords::new(&config, &keys).unwrap();
    let why = refused(&passwords, PASSWORD, &[]).await;
    assert_eq!(why, InvalidPassword::Breached);
    let other = Secret::from("a horse, a battery, a staple");
    assert!(passwords.check(&other, &[]).await.is_ok());
}

#[tokio::test]
async fn a_list_that_does_not_answer_refuses_or_accepts_as_configured() {
    for list in [List::new(None, false), List::new(Some(false), true)] {
        let with = |unchecked| {
            passwords(|config| {
                config.breached_unavailable = unchecked;
                config.breached_timeout = Duration::from_millis(5).into();
            })
            .with_breached(list.clone())
        };
        let password = Secret::from(PASSWORD);
        let refused = with(Unchecked::Refuse).check(&password, &[]).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::BreachedPasswords(_)), "{error:?}");
        assert_eq!(Problem::from(error).code(), Code::UNAVAILABLE);
        assert!(with(Unchecked::Accept).check(&password, &[]).await.is_ok());
    }
    assert_eq!(
        PasswordConfig::default().breached_unavailable,
        Unchecked::Refuse
    );
}

#[tokio::test]
async fn a_sign_in_hashes_anew_what_was_hashed_without_a_key() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let set = "UPDATE saas_accounts SET password_hash = $2 WHERE id = $1";
        let plain = WITHOUT_A_KEY.to_owned();
        world.system(set, &[ann.to_value(), plain.to_value()]).await;
        let stored = async || {
            let account = world.identity.accounts().by_id(ann).await.unwrap();
            account.unwrap().password().clone()
        };
        let before = stored().await;
        let sign_in = async |text: &str| {
            let answer = world.sign_in(&world.acme, "ann@acme.test", text).await;
            answer.status.as_u16()
        };
        assert_eq!(sign_in("passwort").await, 400);
        assert_eq!(stored().await, before);
        assert_eq!(sign_in("password").await, 200);
        let renewed = stored().await;
        assert_ne!(renewed, before);
        assert_eq!(sign_in("password").await, 200);
        assert_eq!(stored().await, renewed);
    }
}

#[tokio::test]
async fn a_password_whose_key_is_gone_is_wrong_like_any_other() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let email = "ann@acme.test".parse().unwrap();
    let account = world
        .identity
        .accounts()
        .by_email(&email)
        .await
        .unwrap()
        .unwrap();
    let elsewhere = passwords(|_| {});
    let chosen = elsewhere.check(&Secret::from(PASSWORD), &[]).await.unwrap();
    let hash = elsewhere.hash(&chosen).await.unwrap();
    world
        .identity
        .accounts()
        .rehash(&account, &hash)
        .await
        .unwrap();
    let gone = world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await;
    let unknown = world.sign_in(&world.acme, "bob@acme.test", PASSWORD).await;
    assert_eq!(gone.outcome(), (400, "credentials-invalid".to_owned()));
    assert_eq!(gone.json(), unknown.json());
}
