//! How the pages of a tenant look.

mod accent;

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{AuditEvent, Database, Tenant, TenantEntity, TenantTx};
use serde::Serialize;

pub use accent::Accent;

use crate::{Error, session};

/// What a tenant may say about its pages: a colour, its name, and a sentence over the sign-in. They are texts and
/// a checked colour, so nothing that a tenant sets can run or load anything.
///
/// ```
/// use saas_auth::Theme;
///
/// let theme = Theme::new("#1b5e20", "Acme Tools", "Welcome back.")?;
/// assert_eq!(theme.name(), "Acme Tools");
/// # Ok::<(), saas_auth::InvalidTheme>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    accent: Accent,
    name: String,
    welcome: String,
}

/// Says what is wrong with a theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTheme {
    /// The colour is none.
    #[error("the colour has to be `#` and six hexadecimal digits")]
    Accent,
    /// The name is empty, too long, or has a character that cannot be seen.
    #[error("the name has to be 1 to {MAX_NAME} characters that can be seen")]
    Name,
    /// The text is too long, or has a character that cannot be seen.
    #[error("the welcome has to be at most {MAX_WELCOME} characters that can be seen")]
    Welcome,
}

const MAX_NAME: usize = 60;
const MAX_WELCOME: usize = 200;

impl Theme {
    /// Checks the parts of a theme. The welcome may be empty.
    ///
    /// # Errors
    ///
    /// [`InvalidTheme`] says which part is wrong.
    pub fn new(accent: &str, name: &str, welcome: &str) -> Result<Self, InvalidTheme> {
        let (name, welcome) = (name.trim(), welcome.trim());
        if name.is_empty() || !is_line(name, MAX_NAME) {
            return Err(InvalidTheme::Name);
        }
        if !is_line(welcome, MAX_WELCOME) {
            return Err(InvalidTheme::Welcome);
        }
        Ok(Self {
            accent: accent.parse()?,
            name: name.to_owned(),
            welcome: welcome.to_owned(),
        })
    }

    /// Gives the colour.
    #[must_use]
    pub const fn accent(&self) -> Accent {
        self.accent
    }

    /// Gives the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the sentence over the sign-in, which may be empty.
    #[must_use]
    pub fn welcome(&self) -> &str {
        &self.welcome
    }
}

/// Tells whether a text is one line in which nothing hides, such as marks that turn the direction of writing.
fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most
        && !text.chars().any(|character| {
            character.is_control()
                || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        })
}

/// The one row that a tenant may have.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_themes", new = "NewThemeRow", patch = "ThemePatch")]
pub(crate) struct ThemeRow {
    #[entity(id)]
    id: Id<ThemeRow>,
    #[entity(tenant)]
    tenant_id: TenantId,
    accent: String,
    name: String,
    welcome: String,
    #[entity(version)]
    version: i64,
    #[entity(created)]
    created_at: Timestamp,
    #[entity(updated)]
    updated_at: Timestamp,
}

/// What the audit log keeps of a theme.
#[derive(Serialize)]
struct Described<'a> {
    accent: String,
    name: &'a str,
    welcome: &'a str,
}

/// The themes of the tenants; cheap to clone.
#[derive(Debug, Clone)]
pub struct Themes {
    database: Database,
}

impl Themes {
    /// Makes the service.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Gives the theme of a tenant, for a page that anybody may see; none when it has set none.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn of(&self, tenant: &Tenant) -> Result<Option<Theme>, Error> {
        let mut tx = self.database.read(&session::entering(tenant));
        self.get(&mut tx).await
    }

    /// Gives the theme of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn get(&self, tx: &mut TenantTx) -> Result<Option<Theme>, Error> {
        let id = row_id(tx.scope().tenant());
        let row = tx.repo::<ThemeRow>().find(id).await?;
        // A row that was written by hand and is not one of ours is as good as none.
        Ok(row.and_then(|row| Theme::new(&row.accent, &row.name, &row.welcome).ok()))
    }

    /// Sets the theme of the transaction's tenant. That the caller may is for the application to check.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn set(&self, tx: &mut TenantTx, theme: &Theme) -> Result<(), Error> {
        tx.lock("saas_themes").await?;
        let before = self.get(tx).await?;
        let id = row_id(tx.scope().tenant());
        let mut rows = tx.repo::<ThemeRow>();
        if rows.find(id).await?.is_some() {
            let patch = ThemePatch {
                accent: Some(theme.accent.to_string()),
                name: Some(theme.name.clone()),
                welcome: Some(theme.welcome.clone()),
            };
            rows.update(id, None, patch).await?;
        } else {
            let new = NewThemeRow {
                accent: theme.accent.to_string(),
                name: theme.name.clone(),
                welcome: theme.welcome.clone(),
            };
            rows.insert_as(id, new).await?;
        }
        let object = format!("theme:{id}");
        let mut event = AuditEvent::new("theme.changed", object).after(&theme.described())?;
        if let Some(before) = &before {
            event = event.before(&before.described())?;
        }
        Ok(tx.record(event).await?)
    }
}

impl Theme {
    fn described(&self) -> Described<'_> {
        Described {
            accent: self.accent.to_string(),
            name: &self.name,
            welcome: &self.welcome,
        }
    }
}

fn row_id(tenant: &Tenant) -> Id<ThemeRow> {
    Id::from_uuid(tenant.id().as_uuid())
}
