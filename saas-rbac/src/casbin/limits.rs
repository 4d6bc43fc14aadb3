//! How much of everything there may be.

/// Bytes of a model.
pub(super) const MODEL_BYTES: usize = 64 * 1024;
/// Bytes of a field of a policy, and of a text in a request.
pub(super) const FIELD_BYTES: usize = 4 * 1024;
/// Definitions of one section, and fields of one definition.
pub(super) const DEFINITIONS: usize = 32;
/// How deep an expression nests. Every level is a few frames of the evaluator.
pub(super) const DEPTH: usize = 24;
/// How many levels the evaluator goes down in an expression.
pub(super) const HEIGHT: usize = 40;
/// How many operators, calls and operands an expression has.
pub(super) const NODES: usize = 2_000;
/// How many links there may be between a subject and its most distant role. Casbin answers no
/// beyond it.
pub(super) const HIERARCHY: usize = 10;
/// Bytes of a compiled regular expression.
pub(super) const REGEX_BYTES: usize = 256 * 1024;
