//! Letters of tenants: from a template to a mail.
//!
//! Who has something to say writes a [`Letter`](saas_core::mail::Letter) and hands it to a
//! [`Mailer`](saas_core::mail::Mailer), both of saas-core. This crate has two: [`SmtpMailer`] for production,
//! and [`FolderMailer`], which writes each mail as a file, for a start without a server. Which one is said in
//! [`MailConfig::transport`] and never guessed.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use saas_core::mail::{Letter, MailTemplate, MailTenant, Mailer as _};
//! use saas_mail::{MailConfig, MODULE, Templates, Transport, open_mailer};
//!
//! // The crate that sends it declares what it says.
//! const RESET: MailTemplate = MailTemplate::new("auth/reset-password")
//!     .values(&["name"])
//!     .secrets(&["link"])
//!     .subject("Your password at {{ tenant.name }}")
//!     .text("Hello {{ name }},\n\nchoose a new password: {{ link }}\n")
//!     .html(r#"<p>Hello {{ name }},</p><p><a href="{{ link }}">Choose a new password</a></p>"#);
//!
//! // The program opens a mailer. `MODULE` is migrated with its other tables.
//! # let world = saas_testkit::TestDatabase::sqlite(&[&saas_tenancy::MODULE, &MODULE]).await;
//! # let (database, registry, acme) = (world.database().clone(), world.registry(), world.tenant("acme").await);
//! # let folder = tempfile::tempdir()?;
//! let templates = Templates::new(database, registry, &[RESET])?;
//! let mut config = MailConfig::default();
//! config.transport = Some(Transport::Folder);
//! config.folder.path = folder.path().join("outbox");
//! let mailer = open_mailer(&config, templates)?;
//!
//! let tenant = MailTenant::new(acme.id(), acme.slug().as_str(), acme.name());
//! let letter = Letter::to("ann@example.com", RESET, tenant, "reset/0193b0c4")
//!     .value("name", "Ann <ann>")
//!     .secret("link", "https://acme.example.com/reset#s3cret")
//!     .finish()?;
//! mailer.deliver(&letter).await?;
//!
//! let mail = std::fs::read_dir(&config.folder.path)?.next().expect("a mail")?;
//! let mail = std::fs::read_to_string(mail.path())?;
//! assert!(mail.contains("Subject: Your password at ACME"));
//! assert!(mail.contains("Ann &lt;ann&gt;"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # Words of a tenant
//!
//! A tenant may replace the words of a template by its own, per language: [`Templates::set`]. Its
//! administrator is not the person who reads the letter, and the account behind a link may belong to other
//! tenants as well. So what a tenant writes cannot carry a secret away: a template sees a stand-in, which is
//! replaced by the secret at the very end, and only where it stands alone in the text or is the whole of an
//! `<a href>`. The HTML is a small, strict part of the language, without scripts, forms, styles that fetch, or
//! anything that two programs could read in two ways.
//!
//! Words that do not work out for some letter are left aside with a warning, and the letter goes out in those
//! of the program: nobody can keep the people of a tenant from resetting their passwords.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod error;
mod folder;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod mailer;
mod message;
mod module;
mod problem;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(all(doctest, feature = "sqlite"))]
mod surfaces;
mod template;

pub use config::{FolderConfig, MailConfig, Transport};
#[cfg(feature = "smtp")]
pub use config::{Security, SmtpConfig};
pub use error::{Error, Part, TemplateFault};
pub use folder::FolderMailer;
pub use mailer::open_mailer;
pub use module::{MODULE, WriteMail};
#[cfg(feature = "smtp")]
pub use smtp::SmtpMailer;
pub use template::{Mail, TemplateSource, Templates, TenantTemplate};
