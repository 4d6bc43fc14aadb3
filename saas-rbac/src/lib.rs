//! May they: permissions, roles, Casbin and route guards.
