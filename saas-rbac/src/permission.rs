//! What can be allowed.

/// A set of permissions, one for each variant of an enum. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    note = "add `#[derive(Permission)]` to the enum and `#[permission(\"things:read\")]` to its variants"
)]
pub trait Permission: Sized + 'static {
    /// All of them, in the order of the variants.
    const ALL: &'static [PermissionInfo];

    /// Gives the name, such as `projects:read`.
    fn name(&self) -> &'static str;

    /// Gives the place in [`ALL`](Self::ALL).
    fn index(&self) -> usize;
}

/// One permission as a type, for what a handler says in its signature; see
/// [`Allowed`](crate::Allowed). `#[permission(types = "can")]` on the enum makes a module of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a permission",
    note = "put `#[permission(types = \"can\")]` on the enum of permissions, and name `can::TheVariant`"
)]
pub trait PermissionType: Send + Sync + 'static {
    /// The enum that it is a variant of.
    type Of: Permission;

    /// Gives the variant.
    fn permission() -> Self::Of;
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
    /// The heading under which people find it; the first word of the name when nothing else is said.
    pub group: &'static str,
}
