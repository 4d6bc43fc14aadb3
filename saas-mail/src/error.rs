//! What can fail in configuring mail and in changing its words.

use std::fmt;

use saas_core::mail::MailError;

/// Says what failed in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The words of the tenant could not be read or written.
    #[error("the templates of the tenant could not be reached")]
    Storage(#[from] saas_tenancy::Error),
    /// A template does not yield a mail.
    #[error("the template `{template}` cannot be rendered: {fault}")]
    Template {
        /// Its name.
        template: &'static str,
        /// Where, and what.
        fault: TemplateFault,
    },
    /// The program has no such template, or the tenant has no words of its own for it.
    #[error("the template `{0}` is unknown")]
    UnknownTemplate(String),
    /// Two templates have one name.
    #[error("the template `{0}` is declared twice")]
    DuplicateTemplate(&'static str),
    /// The language is none.
    #[error("a locale is a language tag such as `de` or `de-ch`")]
    InvalidLocale,
    /// The tenant has as many templates of its own as it may have.
    #[error("a tenant has at most {0} templates of its own")]
    TooManyTemplates(u32),
    /// The declaration of a template cannot be one.
    #[error(transparent)]
    Letter(#[from] MailError),
    /// The configuration cannot be used.
    #[error("mail.{key}: {reason}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is wrong with its value, which is not repeated.
        reason: String,
    },
}

impl Error {
    pub(crate) fn config(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Config {
            key,
            reason: reason.into(),
        }
    }
}

impl saas_tenancy::Lost for Error {
    fn lost(&self) -> bool {
        matches!(self, Self::Storage(error) if error.lost())
    }
}

/// Says where a template is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateFault {
    /// The part.
    pub part: Part,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.part.name())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The subject.
    Subject,
    /// The plain text.
    Text,
    /// The HTML.
    Html,
}

impl Part {
    /// Gives the name of the field.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }
}
