//! What the role of the service may do.

use super::Module;
use crate::Error;

/// Gives the statements that let the role read and write rows, and do nothing else. TRUNCATE would
/// pass by row-level security, REFERENCES and TRIGGER could look behind it.
pub(super) fn grants(modules: &[&Module], role: &str) -> Result<Vec<String>, Error> {
    if role.is_empty() || role.contains('\0') {
        return Err(Error::Config(
            "the name of the service role is empty or has a NUL".to_owned(),
        ));
    }
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let mut statements = Vec::new();
    for module in modules {
        let entities = module.entities.iter();
        let entities = entities.map(|table| (table.info.table, table.append_only));
        let shared = module.shared.iter().map(|table| (table.name, false));
        for (table, append_only) in entities.chain(shared) {
            let rights = match append_only {
                true => "SELECT, INSERT",
                false => "SELECT, INSERT, UPDATE, DELETE",
            };
            statements.push(format!("REVOKE ALL ON {table} FROM PUBLIC, {role}"));
            statements.push(format!("GRANT {rights} ON {table} TO {role}"));
        }
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_always_one_quoted_name() {
        const MODULE: Module = Module::new("m").shared(&[super::super::SharedTable::new("t")]);
        let statements = grants(&[&MODULE], "a\"; DROP TABLE t; --").unwrap();
        assert!(
            statements[1].ends_with("TO \"a\"\"; DROP TABLE t; --\""),
            "{statements:?}"
        );
        assert!(grants(&[&MODULE], "").is_err());
    }
}
