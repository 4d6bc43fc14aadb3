//! What the database has to look like, made from the entities.

mod policy;

pub(crate) use policy::{entity_policies, policy_names, shared_policies};
