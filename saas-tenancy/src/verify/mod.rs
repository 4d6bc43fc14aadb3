//! Whether the live database is guarded as the entities say.
