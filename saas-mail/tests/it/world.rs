//! Two tenants, a template, and letters.

use std::path::Path;

use saas_core::mail::{Draft, Letter, MailTemplate, MailTenant};
use saas_mail::{MODULE, MailConfig, TemplateSource, Templates, Transport};
use saas_tenancy::{Tenant, TenantTx};
use saas_testkit::TestDatabase;
use tempfile::TempDir;

pub(crate) const LINK: &str = "https://acme.example/reset?a=1&token=s3cret";

pub(crate) const RESET: MailTemplate = MailTemplate::new("auth/reset")
    .values(&["name"])
    .secrets(&["link"])
    .subject("Your password at {{ tenant.name }}, {{ name }}")
    .text("Hello {{ name }},\n\nchoose: {{ link }}\n")
    .html("<p>Hello {{ name }}</p><p><a href=\"{{ link }}\">Choose</a></p>");

pub(crate) struct World {
    pub db: TestDatabase,
    pub acme: Tenant,
    pub beta: Tenant,
    pub templates: Templates,
    pub folder: TempDir,
    pub config: MailConfig,
}

impl World {
    pub(crate) async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for db in TestDatabase::all(&[&saas_tenancy::MODULE, &MODULE]).await {
            worlds.push(Self::on(db).await);
        }
        worlds
    }

    pub(crate) async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite(&[&saas_tenancy::MODULE, &MODULE]).await).await
    }

    async fn on(db: TestDatabase) -> Self {
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        let templates = Templates::new(db.database().clone(), db.registry(), &[RESET]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = MailConfig::default();
        config.from = "Service <no-reply@service.example>".to_owned();
        config.transport = Some(Transport::Folder);
        config.folder.path = folder.path().join("outbox");
        Self {
            db,
            acme,
            beta,
            templates,
            folder,
            config,
        }
    }

    pub(crate) fn tx(&self, tenant: &Tenant) -> TenantTx {
        self.db.database().write(&self.db.scope(tenant))
    }

    /// Sets words of acme.
    pub(crate) async fn set(
        &self,
        locale: Option<&str>,
        source: &TemplateSource,
    ) -> Result<(), saas_mail::Error> {
        let mut tx = self.tx(&self.acme);
        self.templates
            .set(&mut tx, "auth/reset", locale, source)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Delivers a letter into the folder and reads the mail.
    pub(crate) async fn mail(&self, letter: Draft) -> String {
        let mailer = saas_mail::FolderMailer::open(&self.config, self.templates.clone()).unwrap();
        let before = files(&self.config.folder.path);
        use saas_core::mail::Mailer as _;
        mailer.deliver(&letter.finish().unwrap()).await.unwrap();
        let after = files(&self.config.folder.path);
        let new = after.iter().find(|name| !before.contains(name)).unwrap();
        let mail = std::fs::read_to_string(self.config.folder.path.join(new)).unwrap();
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        format!("{head}\r\n\r\n{}", body.replace("=\r\n", ""))
    }
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn letter(tenant: &Tenant, to: &str) -> Draft {
    named(tenant, to, "Ann")
}

pub(crate) fn named(tenant: &Tenant, to: &str, name: &str) -> Draft {
    let from = MailTenant::new(tenant.id(), tenant.slug().as_str(), tenant.name());
    Letter::to(to, RESET, from, "reset/1")
        .value("name", name)
        .secret("link", LINK)
}

pub(crate) fn words(word: &str) -> TemplateSource {
    TemplateSource {
        subject: format!("{word} {{{{ name }}}}"),
        text: format!("{word}: {{{{ link }}}}\n"),
        html: format!(
            "<p>{word} {{{{ name }}}}: <a href=\"{{{{ link }}}}\">{{{{ link }}}}</a></p>"
        ),
    }
}
