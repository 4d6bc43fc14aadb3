//! What can be allowed.

/// A set of permissions, one for each variant of an enum. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    note = "add `#[derive(Permission)]` to the enum and `#[permission(\"things:read\")]` to its variants"
)]
pub trait Permission: Sized {
    /// All of them, in the order of the variants.
    const ALL: &'static [PermissionInfo];

    /// Gives the name, such as `projects:read`.
    fn name(&self) -> &'static str;
}

/// Describes a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the derive writes it as a literal"
)]
pub struct PermissionInfo {
    /// The name, such as `projects:read`.
    pub name: &'static str,
    /// What it allows, in words.
    pub description: &'static str,
}
