//! PWD-12: the flows in any order, with anybody's tokens.

use std::{collections::HashMap, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use saas_auth::{Account, Confirmed, Device, Joining, PasswordHash};
use saas_core::{Secret, UserId, limit::Quota};
use saas_tenancy::{Dialect, Scope, Tenant};

use crate::{
    post::{Post, Sent},
    world::{PASSWORD, World},
};

const PEOPLE: [&str; 2] = ["ann@acme.test", "bob@beta.test"];

/// One thing that somebody tries. A number names one of what there is, whoever it was meant for.
#[derive(Debug, Clone)]
enum Step {
    AskReset {
        person: usize,
        tenant: usize,
    },
    AskVerification {
        person: usize,
        tenant: usize,
    },
    AskChange {
        person: usize,
        tenant: usize,
        knows: bool,
    },
    Invite {
        tenant: usize,
        person: usize,
    },
    Reset {
        token: usize,
        tenant: usize,
    },
    Confirm {
        token: usize,
        tenant: usize,
    },
    Accept {
        token: usize,
        tenant: usize,
        knows: bool,
    },
    Change {
        person: usize,
        tenant: usize,
        knows: bool,
    },
    Deactivate {
        person: usize,
        tenant: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (one, token) = (0..2_usize, 0..100_usize);
    prop_oneof![
        4 => (one.clone(), one.clone()).prop_map(|(person, tenant)| Step::AskReset { person, tenant }),
        1 => (one.clone(), one.clone()).prop_map(|(person, tenant)| Step::AskVerification { person, tenant }),
        2 => (one.clone(), one.clone(), any::<bool>())
            .prop_map(|(person, tenant, knows)| Step::AskChange { person, tenant, knows }),
        1 => (one.clone(), one.clone()).prop_map(|(tenant, person)| Step::Invite { tenant, person }),
        6 => (token.clone(), one.clone()).prop_map(|(token, tenant)| Step::Reset { token, tenant }),
        4 => (token.clone(), one.clone()).prop_map(|(token, tenant)| Step::Confirm { token, tenant }),
        3 => (token, one.clone(), any::<bool>())
            .prop_map(|(token, tenant, knows)| Step::Accept { token, tenant, knows }),
        1 => (one.clone(), one.clone(), any::<bool>())
            .prop_map(|(person, tenant, knows)| Step::Change { person, tenant, knows }),
        1 => (one.clone(), one).prop_map(|(person, tenant)| Step::Deactivate { person, tenant }),
    ]
}

/// What is known of a person from outside.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    password: String,
    /// As it was kept when that password was set.
    hash: PasswordHash,
    email: String,
    verified: bool,
    active: bool,
}

/// A token, with what it may do.
struct Held {
    token: Secret<String>,
    kind: &'static str,
    tenant: usize,
    /// The person whose it is, and the address that it is for.
    person: Option<usize>,
    email: String,
    good: bool,
}

struct Flows {
    world: World,
    post: Post,
    people: Vec<UserId>,
    known: Vec<Known>,
    held: Vec<Held>,
    tenants_of: HashMap<usize, Vec<usize>>,
    passwords: usize,
}

impl Flows {
    async fn new() -> Self {
        let world = World::with(Dialect::Sqlite, |config| {
            config.link.letters_an_hour = 1000;
            let unlimited = Quota::new(10_000, Duration::from_secs(1));
            (config.limits.account, config.limits.letter) = (unlimited, unlimited);
        })
        .await;
        let ann = world.person(&world.acme, PEOPLE[0]).await;
        let bob = world.person(&world.beta, PEOPLE[1]).await;
        let mut known = Vec::new();
        for (user, email) in [ann, bob].into_iter().zip(PEOPLE) {
            known.push(Known {
                password: PASSWORD.to_owned(),
                hash: account(&world, user).await.password().clone(),
                email: email.to_owned(),
                verified: false,
                active: true,
            });
        }
        Self {
            post: Post::of(&world),
            world,
            people: vec![ann, bob],
            known,
            held: Vec::new(),
            tenants_of: HashMap::from([(0, vec![0]), (1, vec![1])]),
            passwords: 0,
        }
    }

    fn tenant(&self, tenant: usize) -> &Tenant {
        [&self.world.acme, &self.world.beta][tenant]
    }

    async fn scope(&self, person: usize, tenant: usize) -> Scope {
        let tenant = self.tenant(tenant).id();
        let principal = self.world.db.principal(tenant, self.people[person]);
        self.world.db.registry().admit(principal).await.unwrap()
    }

    fn is_member(&self, person: usize, tenant: usize) -> bool {
        self.tenants_of[&person].contains(&tenant)
    }

    fn password(&self, person: usize, knows: bool) -> Secret<String> {
        match knows {
            true => Secret::from(self.known[person].password.as_str()),
            false => Secret::from("what an attacker guesses"),
        }
    }

    fn new_password(&mut self) -> String {
        self.passwords += 1;
        format!("a password that was set, number {}", self.passwords)
    }

    /// Learns that a step has set a password.
    async fn learn(&mut self, person: usize, new: String) -> Result<(), TestCaseError> {
        let kept = account(&self.world, self.people[person]).await;
        let passwords = self.world.identity.passwords();
        let password = Secret::from(new.as_str());
        let right = passwords
            .verify_without_limit(&password, Some(kept.password()))
            .await;
        prop_assert!(right.is_ok(), "it is not the password that was set");
        self.known[person].password = new;
        self.known[person].hash = kept.password().clone();
        Ok(())
    }

    /// Whoever changes password or address has no good token left.
    fn void_all(&mut self, person: usize) {
        for held in &mut self.held {
            held.good &= held.person != Some(person);
        }
    }

    /// Delivers the letters and keeps their tokens, of which the last of a kind counts.
    async fn collect(&mut self, person: Option<usize>, tenant: usize) {
        for letter in self.post.deliver().await {
            let Sent { template, to, .. } = letter.clone();
            if letter.link.is_none() {
                continue;
            }
            for held in &mut self.held {
                let replaced = held.kind == template
                    && match person {
                        Some(_) => held.person == person,
                        None => held.tenant == tenant && held.email == to,
                    };
                held.good &= !replaced;
            }
            self.held.push(Held {
                token: letter.token(),
                kind: template,
                tenant,
                person,
                email: to,
                good: true,
            });
        }
    }

    /// Tells which token is tried, and whether it may do this here.
    fn pick(&self, token: usize, tenant: usize, kinds: &[&str]) -> Option<(usize, bool)> {
        let n = token.checked_rem(self.held.len())?;
        let held = &self.held[n];
        let good = held.good && held.tenant == tenant && kinds.contains(&held.kind);
        Some((n, good))
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let (identity, device) = (self.world.identity.clone(), Device::default());
        match *step {
            Step::AskReset { person, tenant } => {
                let email = self.known[person].email.parse().unwrap();
                let changes = identity.password_changes();
                changes
                    .ask(self.tenant(tenant), &email, &device)
                    .await
                    .unwrap();
                self.collect(Some(person), tenant).await;
            }
            Step::AskVerification { person, tenant } => {
                let mut tx = self
                    .world
                    .db
                    .database()
                    .write(&self.scope(person, tenant).await);
                let user = self.people[person];
                identity
                    .addresses()
                    .ask_verification(&mut tx, user)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                self.collect(Some(person), tenant).await;
            }
            Step::AskChange {
                person,
                tenant,
                knows,
            } => {
                let scope = self.scope(person, tenant).await;
                let email = format!("{}@new.test", self.held.len()).parse().unwrap();
                let password = self.password(person, knows);
                let asked = identity
                    .addresses()
                    .ask_change(&scope, &password, &email, &device)
                    .await;
                prop_assert_eq!(asked.is_ok(), knows && self.known[person].active);
                self.collect(Some(person), tenant).await;
            }
            Step::Invite { tenant, person } => {
                let mut tx = self
                    .world
                    .db
                    .database()
                    .write(&self.world.db.scope(self.tenant(tenant)));
                let email = self.known[person].email.parse().unwrap();
                let invited = identity.invitations().invite(&mut tx, &email, &[]).await;
                if invited.is_ok() {
                    tx.commit().await.unwrap();
                }
                self.collect(None, tenant).await;
            }
            Step::Reset { token, tenant } => {
                let Some((n, good)) = self.pick(token, tenant, &["auth/reset-password"]) else {
                    return Ok(());
                };
                let new = self.new_password();
                let changes = identity.password_changes();
                let token = &self.held[n].token;
                let password = Secret::from(new.as_str());
                let reset = changes.reset(self.tenant(tenant), token, &password).await;
                prop_assert_eq!(reset.is_ok(), good, "{:?}", reset);
                if let (true, Some(person)) = (good, self.held[n].person) {
                    let known = &mut self.known[person];
                    (known.verified, known.active) = (true, true);
                    self.learn(person, new).await?;
                    self.void_all(person);
                }
                self.post.deliver().await;
            }
            Step::Confirm { token, tenant } => {
                let kinds = ["auth/verify-address", "auth/change-address"];
                let Some((n, good)) = self.pick(token, tenant, &kinds) else {
                    return Ok(());
                };
                let confirmed = identity
                    .addresses()
                    .confirm(self.tenant(tenant), &self.held[n].token);
                let confirmed = confirmed.await;
                prop_assert_eq!(confirmed.is_ok(), good, "{:?}", confirmed);
                if let (Ok(confirmed), Some(person)) = (confirmed, self.held[n].person) {
                    self.held[n].good = false;
                    self.known[person].verified = true;
                    if confirmed == Confirmed::Change {
                        self.known[person].email = self.held[n].email.clone();
                        self.void_all(person);
                    }
                }
                self.post.deliver().await;
            }
            Step::Accept {
                token,
                tenant,
                knows,
            } => {
                let Some((n, good)) = self.pick(token, tenant, &["auth/invitation"]) else {
                    return Ok(());
                };
                let holder = (0..2).find(|person| self.known[*person].email == self.held[n].email);
                // Whose address it was may have another by now, and then nobody has an account with it.
                let Some(person) = holder else { return Ok(()) };
                let password = match self.known[person].verified {
                    true => self.password(person, knows),
                    false => Secret::new(self.new_password()),
                };
                let joining = Joining::Password {
                    name: "A name",
                    password: &password,
                };
                let invitations = identity.invitations();
                let token = &self.held[n].token;
                let accepted = invitations
                    .accept(self.tenant(tenant), token, joining, &device)
                    .await;
                let known = self.known[person].clone();
                // Where nobody has proven to hold the address, the letter does, and sets the password.
                let opens = !known.verified || (knows && known.active);
                let may = good && opens && !self.is_member(person, tenant);
                prop_assert_eq!(accepted.is_ok(), may, "{:?}", accepted);
                if let Ok((tx, accepted)) = accepted {
                    prop_assert_eq!(accepted.user, self.people[person]);
                    tx.commit().await.unwrap();
                    self.held[n].good = false;
                    if !known.verified {
                        let known = &mut self.known[person];
                        (known.verified, known.active) = (true, true);
                        self.learn(person, password.expose().clone()).await?;
                        self.void_all(person);
                        self.post.deliver().await;
                    }
                    self.tenants_of.entry(person).or_default().push(tenant);
                }
            }
            Step::Change {
                person,
                tenant,
                knows,
            } => {
                let scope = self.scope(person, tenant).await;
                let current = self.password(person, knows);
                let new = self.new_password();
                let changes = identity.password_changes();
                let changed = changes
                    .change(&scope, &current, &Secret::from(new.as_str()), &device)
                    .await;
                let may = knows && self.known[person].active;
                prop_assert_eq!(changed.is_ok(), may, "{:?}", changed);
                if may {
                    self.learn(person, new).await?;
                    self.void_all(person);
                }
                self.post.deliver().await;
            }
            Step::Deactivate { person, tenant } => {
                let scope = self.scope(person, tenant).await;
                let password = self.password(person, true);
                let done = identity
                    .closures()
                    .deactivate(&scope, &password, &device)
                    .await;
                // One that is closed already stays as it is, and so do the links to open it again.
                prop_assert_eq!(done.is_ok(), self.known[person].active);
                if done.is_ok() {
                    self.known[person].active = false;
                    self.void_all(person);
                }
                self.post.deliver().await;
            }
        }
        Ok(())
    }

    /// Compares what the accounts are with what they have to be.
    async fn check(&self) -> Result<(), TestCaseError> {
        for (user, known) in self.people.iter().zip(&self.known) {
            let account = account(&self.world, *user).await;
            prop_assert_eq!(account.password(), &known.hash);
            prop_assert_eq!(account.email(), &known.email);
            prop_assert_eq!(account.is_verified(), known.verified);
            prop_assert_eq!(account.is_active(), known.active);
        }
        Ok(())
    }
}

async fn account(world: &World, user: UserId) -> Account {
    let account = world.identity.accounts().by_id(user).await;
    account.unwrap().unwrap()
}

#[test]
fn pwd_12_no_order_of_steps_changes_an_account_without_its_proof() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 16,
        ..ProptestConfig::default()
    });
    let steps = prop::collection::vec(step(), 1..25);
    let result = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let mut flows = Flows::new().await;
            for step in &steps {
                flows.take(step).await?;
                flows.check().await?;
            }
            Ok(())
        })
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
