//! The words of letters: those of the program, and those that a tenant has put in their place.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod markup;
mod render;
mod store;
mod syntax;

use std::{collections::BTreeMap, sync::Arc};

use saas_core::{
    Clock,
    mail::{Letter, MailError, MailTemplate, MailTenant, is_locale},
};
use saas_tenancy::{AuditEvent, Database, Registry, SystemScope, Tenant, TenantTx};
use serde::{Deserialize, Serialize};

pub use render::Mail;
pub(crate) use store::TemplateRow;

use self::{
    render::{Author, render},
    store::{NewTemplateRow, TemplateRowPatch, TemplateRows as _},
};
use crate::{Error, TemplateFault, WriteMail};

/// How many templates of its own a tenant may have, over all languages.
const MAX_TEMPLATES: u32 = 200;

/// Under which name the changes of a tenant's templates come one after the other.
const LOCK: &str = "saas_mail_templates";

/// The templates of a program, with the words that tenants have put in their place; cheap to clone.
#[derive(Debug, Clone)]
pub struct Templates {
    database: Database,
    registry: Registry,
    known: Arc<BTreeMap<&'static str, MailTemplate>>,
}

/// The source of a mail, in the syntax of minijinja: values (`{{ name }}`), conditions on them
/// (`{% if name %}…{% endif %}`), and the filters `upper`, `lower`, `capitalize` and `trim`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is written as a literal, one field for each part of a mail"
)]
pub struct TemplateSource {
    /// The subject. No secret is in it.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// The words of a tenant for one template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantTemplate {
    /// The name of the template.
    pub template: String,
    /// The language, where they are for one.
    pub locale: Option<String>,
    /// The words.
    pub source: TemplateSource,
}

impl Templates {
    /// Takes the templates that tenants may replace, and renders each once.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] when one of them does not yield a mail; [`Error::DuplicateTemplate`].
    pub fn new(
        database: Database,
        registry: Registry,
        templates: &[MailTemplate],
    ) -> Result<Self, Error> {
        let mut known = BTreeMap::new();
        for template in templates {
            let tenant = MailTenant::new(saas_core::TenantId::generate(), "example", "Example");
            try_out(
                template,
                &TemplateSource::of(template),
                &tenant,
                Author::Program,
            )?;
            if known.insert(template.name(), *template).is_some() {
                return Err(Error::DuplicateTemplate(template.name()));
            }
        }
        Ok(Self {
            database,
            registry,
            known: Arc::new(known),
        })
    }

    /// Gives the templates that tenants may replace, by name.
    pub fn all(&self) -> impl Iterator<Item = &MailTemplate> {
        self.known.values()
    }

    /// Renders words of a tenant with sample values, without storing them.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] says in which part and line they do not work out; [`Error::UnknownTemplate`].
    pub fn preview(
        &self,
        tenant: &Tenant,
        template: &str,
        source: &TemplateSource,
    ) -> Result<Mail, Error> {
        let tenant = MailTenant::new(tenant.id(), tenant.slug().as_str(), tenant.name());
        try_out(self.known(template)?, source, &tenant, Author::Tenant)
    }

    /// Puts words of the transaction's tenant in the place of those of the program, for one language or for all
    /// that have no words of their own. They are rendered with sample values before.
    ///
    /// # Errors
    ///
    /// As [`Templates::preview`]; [`Error::InvalidLocale`]; [`Error::TooManyTemplates`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn set(
        &self,
        tx: &mut TenantTx,
        template: &str,
        locale: Option<&str>,
        source: &TemplateSource,
    ) -> Result<(), Error> {
        self.preview(tx.scope().tenant(), template, source)?;
        let locale = checked_locale(locale)?;
        tx.lock(LOCK).await?;
        let object = object(template, &locale);
        let event = match tx.template_in(template, &locale).await? {
            Some(row) => {
                let patch = TemplateRowPatch {
                    subject: Some(source.subject.clone()),
                    text: Some(source.text.clone()),
                    html: Some(source.html.clone()),
                };
                tx.repo::<TemplateRow>().update(row.id, None, patch).await?;
                AuditEvent::new("mail-template.changed", object).before(&row.source())?
            }
            None => {
                let (count,) = tx.count_templates().await?;
                if count >= i64::from(MAX_TEMPLATES) {
                    return Err(Error::TooManyTemplates(MAX_TEMPLATES));
                }
                let new = NewTemplateRow {
                    template: template.to_owned(),
                    locale,
                    subject: source.subject.clone(),
                    text: source.text.clone(),
                    html: source.html.clone(),
                };
                tx.repo::<TemplateRow>().insert(new).await?;
                AuditEvent::new("mail-template.created", object)
            }
        };
        Ok(tx.record(event.after(source)?).await?)
    }

    /// Gives the place back to the words of the program.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTemplate`] when the tenant has no words of its own there; [`Error::InvalidLocale`].
    ///
    /// # Cancel safety
    ///
    /// As [`Templates::set`].
    pub async fn remove(
        &self,
        tx: &mut TenantTx,
        template: &str,
        locale: Option<&str>,
    ) -> Result<(), Error> {
        let locale = checked_locale(locale)?;
        tx.lock(LOCK).await?;
        let row = tx.template_in(template, &locale).await?;
        let row = row.ok_or_else(|| Error::UnknownTemplate(template.to_owned()))?;
        tx.repo::<TemplateRow>().delete(row.id, None).await?;
        let event = AuditEvent::new("mail-template.removed", object(template, &locale));
        Ok(tx.record(event.before(&row.source())?).await?)
    }

    /// Gives the words of the transaction's tenant, by name and language.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn list(&self, tx: &mut TenantTx) -> Result<Vec<TenantTemplate>, Error> {
        let rows = tx.all_templates().await?;
        Ok(rows.into_iter().map(TenantTemplate::from).collect())
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        self.database.clock()
    }

    /// Renders a letter in the words of its tenant, or in those of the program.
    pub(crate) async fn render(&self, letter: &Letter) -> Result<Mail, MailError> {
        let template = letter.template();
        if let Some(source) = self.own(letter).await? {
            match render(&source, letter, Author::Tenant) {
                Ok(mail) => return Ok(mail),
                // Nobody is to be locked out by the words of a tenant.
                Err(fault) => tracing::warn!(
                    target: "saas::mail",
                    tenant = %letter.tenant().id, template = template.name(), %fault,
                    "the tenant's own template cannot be rendered, so the program's is used"
                ),
            }
        }
        render(&TemplateSource::of(template), letter, Author::Program).map_err(|fault| {
            MailError::Template {
                template: template.name(),
                reason: fault.to_string(),
            }
        })
    }

    /// Finds the words of the letter's tenant: those in its language, in the language without its region, or
    /// those in none.
    async fn own(&self, letter: &Letter) -> Result<Option<TemplateSource>, MailError> {
        let name = letter.template().name();
        if !self.known.contains_key(name) {
            return Ok(None);
        }
        let tenant = self.registry.by_id(letter.tenant().id).await;
        let tenant = tenant.map_err(|error| unavailable(&error))?;
        let tenant = tenant.ok_or(MailError::Letter("its tenant exists"))?;
        let scope = SystemScope::<WriteMail>::enter().within(&tenant);
        let rows = self.database.read(&scope).templates_named(name).await;
        let mut rows = rows.map_err(|error| unavailable(&error))?;
        let wanted = letter.locale().unwrap_or_default();
        rows.retain(|row| {
            let rest = wanted.strip_prefix(&row.locale);
            row.locale.is_empty()
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        });
        let closest = rows.into_iter().max_by_key(|row| row.locale.len());
        Ok(closest.map(|row| row.source()))
    }

    fn known(&self, name: &str) -> Result<&MailTemplate, Error> {
        let known = self.known.get(name);
        known.ok_or_else(|| Error::UnknownTemplate(name.to_owned()))
    }
}

/// Renders a template with sample values, and once more with empty ones, for the sake of its conditions.
fn try_out(
    template: &MailTemplate,
    source: &TemplateSource,
    tenant: &MailTenant,
    author: Author,
) -> Result<Mail, Error> {
    let failed = |fault: TemplateFault| Error::Template {
        template: template.name(),
        fault,
    };
    let letter = |sample: fn(&str) -> String| {
        let mut draft = Letter::to("ann@example.com", *template, tenant.clone(), "sample");
        for name in template.value_names() {
            draft = draft.value(name, sample(name));
        }
        for name in template.secret_names() {
            draft = draft.secret(name, format!("https://example.com/{name}"));
        }
        draft.finish()
    };
    render(source, &letter(|_| String::new())?, author).map_err(failed)?;
    let mail = render(source, &letter(|name| format!("Sample of {name}"))?, author);
    mail.and_then(Mail::full).map_err(failed)
}

/// The form in which languages are stored; empty for none.
fn checked_locale(locale: Option<&str>) -> Result<String, Error> {
    let locale = locale.map(str::to_ascii_lowercase);
    match locale {
        None => Ok(String::new()),
        Some(locale) if is_locale(&locale) => Ok(locale),
        Some(_) => Err(Error::InvalidLocale),
    }
}

fn object(template: &str, locale: &str) -> String {
    match locale {
        "" => format!("mail-template:{template}"),
        locale => format!("mail-template:{template}:{locale}"),
    }
}

fn unavailable(error: &saas_tenancy::Error) -> MailError {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "the words of a tenant cannot be read"
    );
    MailError::Unavailable("the words of the tenant cannot be read".to_owned())
}

impl TemplateSource {
    /// Gives the words of the program.
    #[must_use]
    pub fn of(template: &MailTemplate) -> Self {
        Self {
            subject: template.subject_source().to_owned(),
            text: template.text_source().to_owned(),
            html: template.html_source().to_owned(),
        }
    }
}

impl TemplateRow {
    fn source(&self) -> TemplateSource {
        TemplateSource {
            subject: self.subject.clone(),
            text: self.text.clone(),
            html: self.html.clone(),
        }
    }
}

impl From<TemplateRow> for TenantTemplate {
    fn from(row: TemplateRow) -> Self {
        Self {
            source: row.source(),
            locale: Some(row.locale).filter(|locale| !locale.is_empty()),
            template: row.template,
        }
    }
}
