//! From whom mail comes, and by what road it goes.

use std::path::PathBuf;

#[cfg(feature = "smtp")]
use saas_core::{
    Secret,
    config::{Period, masked, positive},
};
use serde::{Deserialize, Serialize};

/// Configures mail.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MailConfig {
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// By what road mail goes. This crate chooses none: whoever takes the one for the other either sends letters of a
    /// trial to people, or leaves links by which people sign in lying in a folder, where nobody reads them but
    /// whoever finds them.
    pub transport: Option<Transport>,
    /// Where mail is written by [`Transport::Folder`].
    pub folder: FolderConfig,
    /// The server that takes mail by [`Transport::Smtp`].
    #[cfg(feature = "smtp")]
    pub smtp: SmtpConfig,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            from: "no-reply@localhost".to_owned(),
            transport: None,
            folder: FolderConfig::default(),
            #[cfg(feature = "smtp")]
            smtp: SmtpConfig::default(),
        }
    }
}

/// A road that mail goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Transport {
    /// A server takes it (RFC 5321).
    #[cfg(feature = "smtp")]
    Smtp,
    /// It is written into a folder, as files, and reaches nobody: for development.
    Folder,
}

/// Configures the folder that mail is written into.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FolderConfig {
    /// The folder. It is made when it is not there.
    pub path: PathBuf,
    /// Whether the links of a letter are logged, so that a developer can follow them. Whoever reads the log
    /// can then sign in as anybody.
    pub show_links: bool,
}

impl Default for FolderConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("data/outbox"),
            show_links: false,
        }
    }
}

/// Configures the server that takes mail.
#[cfg(feature = "smtp")]
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SmtpConfig {
    /// The name of the server, which its certificate has to bear.
    pub host: String,
    /// The port; that of the kind of security when it is left out.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// A file with certificates in PEM that are trusted besides the public ones.
    pub ca: Option<PathBuf>,
    /// The user, where the server asks for one.
    pub user: Option<String>,
    /// The user's password.
    #[serde(serialize_with = "masked")]
    pub password: Option<Secret<String>>,
    /// How long a delivery may take in all.
    #[serde(deserialize_with = "positive")]
    pub timeout: Period,
    /// How many connections there are at most.
    #[serde(deserialize_with = "positive")]
    pub connections: usize,
}

#[cfg(feature = "smtp")]
impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            security: Security::default(),
            ca: None,
            user: None,
            password: None,
            timeout: std::time::Duration::from_secs(15).into(),
            connections: 4,
        }
    }
}

/// How a connection to a mail server is protected.
#[cfg(feature = "smtp")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Security {
    /// TLS from the first byte on (RFC 8314, section 3.3), on port 465.
    #[default]
    Tls,
    /// TLS by STARTTLS, on port 587. A server that does not offer it gets no mail.
    StartTls,
    /// None, on port 25; for a server on the same machine only.
    None,
}

#[cfg(feature = "smtp")]
impl Security {
    /// Gives the port that is usual for it.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}
