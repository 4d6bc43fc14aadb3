//! What a tenant sets for itself.

use saas_core::{Code, FieldError};
use saas_edge::{
    CacheConfig,
    settings::{MODULE, Settings, TenantSetting},
};
use saas_tenancy::{AuditRecord, PageQuery, Scope};
use saas_testkit::TestDatabase;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Retention {
    days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 90 }
    }
}

impl TenantSetting for Retention {
    const NAME: &'static str = "retention";

    fn check(&self) -> Result<(), FieldError> {
        match self.days {
            1..=3650 => Ok(()),
            _ => Err(FieldError::new("days", "has to be 1 to 3650")),
        }
    }
}

/// Another with the same shape.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Note(String);

impl TenantSetting for Note {
    const NAME: &'static str = "note";
}

struct World {
    db: TestDatabase,
    acme: Scope,
    beta: Scope,
    settings: Settings,
}

impl World {
    async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for db in TestDatabase::all(&[&saas_tenancy::MODULE, &MODULE]).await {
            let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
            worlds.push(Self {
                acme: db.scope(&acme),
                beta: db.scope(&beta),
                settings: Settings::new(db.database(), &CacheConfig::default()),
                db,
            });
        }
        worlds
    }

    async fn days(&self, scope: &Scope) -> u32 {
        self.settings.get::<Retention>(scope).await.unwrap().days
    }

    async fn set(&self, scope: &Scope, days: u32) -> Result<(), saas_core::Problem> {
        let mut tx = self.db.database().write(scope);
        self.settings.set(&mut tx, &Retention { days }).await?;
        Ok(tx.commit().await?)
    }
}

#[tokio::test]
async fn a_tenant_has_what_it_set_and_the_default_otherwise() {
    for world in World::all().await {
        let World {
            acme,
            beta,
            settings,
            ..
        } = &world;
        assert_eq!((world.days(acme).await, world.days(beta).await), (90, 90));
        for days in [1, 365] {
            world.set(acme, days).await.unwrap();
            assert_eq!((world.days(acme).await, world.days(beta).await), (days, 90));
        }
        assert_eq!(settings.get::<Note>(acme).await.unwrap(), Note::default());
        let mut tx = world.db.database().write(acme);
        settings
            .set(&mut tx, &Note("text".to_owned()))
            .await
            .unwrap();
        settings.reset::<Retention>(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.days(acme).await, 90);
        assert_eq!(settings.get::<Note>(acme).await.unwrap().0, "text");
    }
}

#[tokio::test]
async fn what_is_wrong_or_undone_is_not_set() {
    for world in World::all().await {
        let World { acme, settings, .. } = &world;
        let refused = world.set(acme, 0).await.unwrap_err();
        assert_eq!(refused.code(), Code::VALIDATION);
        assert_eq!(refused.fields()[0].field, "days");
        let mut tx = world.db.database().write(acme);
        let long = Note("x".repeat(64 << 10));
        let refused = settings.set(&mut tx, &long).await.unwrap_err();
        assert_eq!(refused.code(), Code::VALIDATION);
        drop(tx);
        let mut tx = world.db.database().write(acme);
        settings.set(&mut tx, &Retention { days: 5 }).await.unwrap();
        drop(tx);
        assert_eq!(world.days(acme).await, 90);
    }
}

#[tokio::test]
async fn a_change_is_recorded_and_one_of_another_instance_is_followed() {
    for world in World::all().await {
        let World { acme, db, .. } = &world;
        world.set(acme, 7).await.unwrap();
        let mut tx = db.database().read(acme);
        let page = tx.repo::<AuditRecord>().list(PageQuery::default()).await;
        let record = page.unwrap().items.pop().unwrap();
        assert_eq!(record.action, "setting.changed");
        assert_eq!(record.object, "setting:retention");
        assert_eq!(record.before.as_deref(), Some("null"));
        assert_eq!(record.after.as_deref(), Some(r#"{"days":7}"#));
        drop(tx);
        // Another one that reads the same.
        let other = Settings::new(db.database(), &CacheConfig::default());
        let followed = other.clone();
        let watching = tokio::spawn(async move { followed.watch().await });
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, async {
            let mut days = 8;
            while other.get::<Retention>(acme).await.unwrap().days != days {
                days = 8 + (days + 1) % 100;
                world.set(acme, days).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("it follows");
        watching.abort();
    }
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/settings/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &MODULE.guards());
}
