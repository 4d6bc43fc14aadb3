//! Which statements are accepted, and which are refused and why.
//!
//! Every refusal here is a way by which a statement could reach the rows of another tenant, or one by
//! which it could read or write something else than it says.

use proc_macro2::TokenStream;
use syn::{ItemTrait, parse_quote};

use crate::repository;

/// Gives the messages of the compile errors of a method with this statement.
fn refusals(sql: &str, returns: &str) -> Vec<String> {
    let returns: syn::Type = syn::parse_str(returns).unwrap();
    let item: ItemTrait = parse_quote! {
        trait Projects {
            #[sql(#sql)]
            async fn run(&mut self, x: i64) -> Result<#returns>;
        }
    };
    let code = repository::expand(TokenStream::new(), quote::quote!(#item));
    messages(code)
}

/// Gives the texts of all `compile_error!`s.
pub(crate) fn messages(code: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(code).expect("also with mistakes the expansion is Rust");
    let message = |item: syn::Item| match item {
        syn::Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            Some(item.mac.parse_body::<syn::LitStr>().unwrap().value())
        }
        _ => None,
    };
    file.items.into_iter().filter_map(message).collect()
}

/// A statement that uses `:x` is accepted.
#[track_caller]
fn accepts(sql: &str) {
    let changes =
        !sql.starts_with("SELECT") && !sql.starts_with("WITH") && !sql.contains("RETURNING");
    let found = refusals(sql, if changes { "u64" } else { "Vec<Row>" });
    assert!(found.is_empty(), "{sql}\n{found:#?}");
}

/// A statement is refused for one reason, whose text has these words. An unused `:x` is not counted.
#[track_caller]
fn refuses(sql: &str, words: &str) {
    let changes =
        !sql.starts_with("SELECT") && !sql.starts_with("WITH") && !sql.contains("RETURNING");
    let mut found = refusals(sql, if changes { "u64" } else { "Vec<Row>" });
    found.retain(|message| !message.contains("does not use"));
    let [message] = found.as_slice() else {
        panic!("{sql}\n{found:#?}");
    };
    assert!(message.contains(words), "{sql}\n{message}");
}

#[test]
fn accepts_a_query_whose_every_table_is_bound() {
    accepts("SELECT * FROM projects WHERE {tenant} AND rank = :x");
    accepts("SELECT * FROM projects WHERE rank = :x AND {tenant} ORDER BY name LIMIT 3 OFFSET 2");
    accepts("SELECT * FROM projects p WHERE {tenant p} AND p.rank = :x FOR UPDATE");
    accepts("SELECT DISTINCT name FROM \"projects\" WHERE {tenant} AND (rank = :x OR name = 'OR')");
    accepts(
        "SELECT p.* FROM projects p JOIN tasks t ON t.id = p.id AND {tenant t} WHERE {tenant p} AND :x = 1",
    );
    accepts(
        "SELECT p.* FROM projects AS p LEFT OUTER JOIN tasks t ON {tenant t} WHERE {tenant p} AND t.x = :x",
    );
    accepts(
        "SELECT p.* FROM projects p CROSS JOIN tasks t WHERE {tenant t} AND {tenant p} AND t.x = :x",
    );
    accepts(
        "SELECT p.* FROM projects p JOIN tasks t USING (tenant_id, id) WHERE {tenant t} AND {tenant p} AND x = :x",
    );
    accepts(
        "SELECT a.id FROM projects a JOIN projects b ON a.id = b.up AND {tenant b} WHERE {tenant a} AND a.x = :x",
    );
    accepts(
        "SELECT p.name FROM projects p JOIN {shared saas_accounts} a ON a.id = p.owner WHERE {tenant} AND a.x = :x",
    );
    accepts("SELECT name FROM projects WHERE {tenant} AND id IN (SELECT value FROM json_each(:x))");
    accepts("SELECT name FROM projects WHERE {tenant} AND id IN (1, 2, :x)");
}

#[test]
fn accepts_conditions_of_every_form_beside_the_tenant() {
    accepts("SELECT * FROM projects WHERE rank BETWEEN 1 AND :x AND {tenant}");
    accepts(
        "SELECT * FROM projects WHERE {tenant} AND rank NOT BETWEEN :x AND 3 AND name LIKE 'a%'",
    );
    accepts(
        "SELECT * FROM projects WHERE {tenant} AND CASE WHEN a OR b AND c THEN :x = 1 ELSE d END",
    );
    accepts(
        "SELECT * FROM projects WHERE {tenant} AND a IS DISTINCT FROM :x AND b IS NOT DISTINCT FROM c",
    );
    accepts(
        "SELECT a OR b, a IS DISTINCT FROM b FROM projects WHERE {tenant} AND NOT c AND d = :x",
    );
    accepts(
        "SELECT * FROM projects WHERE {tenant} GROUP BY a HAVING count(*) > :x OR a = 1 ORDER BY a OR b",
    );
    accepts(
        "SELECT count(*) FILTER (WHERE a OR b), rank() OVER (PARTITION BY a ORDER BY b) FROM projects WHERE {tenant} AND x = :x",
    );
    accepts(
        "SELECT sum(a) OVER w FROM projects WHERE {tenant} AND x = :x WINDOW w AS (ORDER BY b)",
    );
    accepts(
        "SELECT p.a FROM projects p JOIN {shared s} ON s.a = p.a OR s.b = p.b WHERE {tenant} AND x = :x",
    );
    accepts("SELECT a::text, b->>'c', -1.5e-3 * :x FROM projects WHERE {tenant}");
}

#[test]
fn accepts_subqueries_that_are_bound_too() {
    accepts(
        "SELECT * FROM projects WHERE {tenant} AND id IN (SELECT project_id FROM tasks WHERE {tenant} AND a = :x)",
    );
    accepts(
        "SELECT *, (SELECT count(*) FROM tasks t WHERE {tenant t} AND t.p = p.id) FROM projects p WHERE {tenant} AND a = :x",
    );
    accepts(
        "SELECT p.name FROM projects p JOIN (SELECT id FROM tasks WHERE {tenant}) t ON t.id = p.id WHERE {tenant} AND a = :x",
    );
    accepts("SELECT s.name FROM (SELECT name FROM projects WHERE {tenant} AND a = :x) AS s");
    accepts(
        "SELECT name FROM projects WHERE {tenant} AND a = :x UNION ALL SELECT name FROM tasks WHERE {tenant} ORDER BY 1",
    );
    accepts(
        "SELECT name FROM projects WHERE {tenant} EXCEPT (SELECT name FROM tasks WHERE {tenant} AND a = :x)",
    );
    accepts(
        "WITH mine AS (SELECT id FROM projects WHERE {tenant}) SELECT t.a FROM tasks t JOIN mine m ON m.id = t.id WHERE {tenant} AND a = :x",
    );
    accepts(
        "WITH a (x) AS (VALUES (1)), b AS MATERIALIZED (SELECT x FROM a) SELECT p.* FROM projects p JOIN b ON b.x = :x WHERE {tenant}",
    );
    accepts(
        "WITH RECURSIVE tree AS (SELECT id FROM tasks WHERE {tenant} AND id = :x UNION ALL \
         SELECT t.id FROM tree JOIN tasks t ON t.parent = tree.id AND {tenant t}) SELECT id FROM tree",
    );
    accepts(
        "WITH gone AS (DELETE FROM tasks WHERE {tenant} RETURNING id) SELECT id FROM gone WHERE id = :x",
    );
}

#[test]
fn accepts_changes_of_the_tenants_rows() {
    accepts("UPDATE projects SET rank = rank + :x, name = 'a' WHERE {tenant}");
    accepts(
        "UPDATE tasks AS t SET a = p.a FROM projects p WHERE {tenant t} AND {tenant p} AND p.id = :x",
    );
    accepts(
        "UPDATE projects SET a = (SELECT max(b) FROM tasks WHERE {tenant}), (b, c) = (:x, 2) WHERE {tenant} RETURNING *",
    );
    accepts("DELETE FROM projects WHERE {tenant} AND rank = :x");
    accepts(
        "DELETE FROM tasks t USING projects p WHERE {tenant t} AND {tenant p} AND t.p = :x RETURNING t.id",
    );
    accepts(
        "INSERT INTO projects (tenant_id, id, rank) VALUES ({tenant_id}, 1, :x), ({tenant_id}, 2, abs(:x))",
    );
    accepts(
        "INSERT INTO projects (id, \"tenant_id\") SELECT id, {tenant_id} FROM tasks WHERE {tenant} AND a = :x",
    );
    accepts(
        "INSERT INTO projects (tenant_id) VALUES ({tenant_id}) ON CONFLICT DO NOTHING RETURNING :x",
    );
    accepts(
        "INSERT INTO projects AS p (tenant_id, a) VALUES ({tenant_id}, :x) \
         ON CONFLICT (tenant_id, a) WHERE a > 0 DO UPDATE SET a = excluded.a, b = p.b + 1 WHERE p.b < 3 OR p.b > 9",
    );
    accepts(
        "WITH t AS (SELECT a FROM tasks WHERE {tenant} AND a = :x) \
         INSERT INTO projects (tenant_id, a) SELECT {tenant_id}, a FROM t UNION SELECT {tenant_id}, 2 RETURNING a",
    );
}

#[test]
fn refuses_a_table_without_a_tenant() {
    refuses(
        "SELECT * FROM projects",
        "open to every tenant: add `{tenant}`",
    );
    refuses(
        "SELECT * FROM projects WHERE rank = :x",
        "open to every tenant: add `{tenant}`",
    );
    refuses("UPDATE projects SET rank = 1", "open to every tenant");
    refuses("DELETE FROM projects", "open to every tenant");
    refuses(
        "SELECT p.* FROM projects p JOIN tasks t ON t.p = p.id WHERE {tenant p}",
        "add `{tenant t}`",
    );
    refuses(
        "SELECT p.* FROM projects p LEFT JOIN tasks t ON {tenant t}",
        "add `{tenant p}`",
    );
    refuses(
        "SELECT p.* FROM projects p CROSS JOIN tasks WHERE {tenant p}",
        "add `{tenant tasks}`",
    );
    refuses(
        "UPDATE tasks SET a = p.a FROM projects p WHERE {tenant tasks}",
        "add `{tenant p}`",
    );
    refuses(
        "DELETE FROM tasks USING projects p WHERE {tenant tasks}",
        "add `{tenant p}`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND id IN (SELECT id FROM tasks)",
        "the table `tasks` is open",
    );
    refuses(
        "SELECT (SELECT max(a) FROM tasks) FROM projects WHERE {tenant}",
        "the table `tasks` is open",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} ORDER BY (SELECT 1 FROM tasks)",
        "the table `tasks` is open",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} UNION SELECT * FROM tasks",
        "the table `tasks` is open",
    );
    refuses(
        "SELECT * FROM projects UNION SELECT * FROM tasks WHERE {tenant}",
        "the table `projects` is open",
    );
    refuses(
        "SELECT p.a FROM projects p JOIN (SELECT 1 FROM tasks) t ON 1 WHERE {tenant}",
        "the table `tasks` is open",
    );
    refuses(
        "DELETE FROM projects WHERE {tenant} RETURNING (SELECT max(a) FROM tasks)",
        "the table `tasks` is open",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND f((SELECT a FROM tasks)) = 1",
        "the table `tasks` is open",
    );
    refuses("SELECT * FROM json_each(:x)", "no table of a tenant");
    refuses("SELECT 1", "no table of a tenant");
    refuses(
        "SELECT * FROM {shared saas_tenants}",
        "no table of a tenant",
    );
    refuses("SELECT * FROM made_up(:x)", "{shared function}(…)");
}

#[test]
fn refuses_what_opens_a_condition() {
    refuses(
        "SELECT * FROM projects WHERE {tenant} OR rank = :x",
        "an OR beside `{tenant}`",
    );
    refuses(
        "SELECT * FROM projects WHERE rank = :x or {tenant} AND a",
        "an OR beside `{tenant}`",
    );
    refuses(
        "SELECT * FROM projects WHERE NOT {tenant}",
        "all the others",
    );
    refuses(
        "SELECT * FROM projects WHERE NOT ({tenant})",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE ({tenant})",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE ({tenant} OR rank = :x)",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} IS NOT TRUE",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} = 0",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE a = {tenant}",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE a BETWEEN 1 AND {tenant}",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE a BETWEEN (1) + 1 AND {tenant} AND b",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE CASE WHEN a THEN {tenant} ELSE 1 END",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE CASE WHEN a AND {tenant} AND b THEN 1 ELSE 1 END",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE coalesce({tenant}, 1)",
        "directly into the WHERE",
    );
    refuses("SELECT {tenant} FROM projects", "directly into the WHERE");
    refuses(
        "SELECT a FROM projects GROUP BY a HAVING {tenant}",
        "directly into the WHERE",
    );
    refuses(
        "SELECT count(*) FILTER (WHERE {tenant}) FROM projects",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects ORDER BY {tenant}",
        "directly into the WHERE",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND b = {tenant_id}",
        "a condition has `{tenant}`",
    );
}

#[test]
fn refuses_words_of_which_the_databases_make_something_else() {
    // A column of SQLite may be called `offset`, and then the condition goes on behind it.
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = offset OR 1 = 1",
        "`OR` is not understood",
    );
    refuses(
        "SELECT * FROM projects WHERE CASE WHEN a THEN end AND {tenant} AND b END",
        "`END` is not understood",
    );
    // PostgreSQL lets any keyword be a name after AS and after a dot.
    refuses(
        "SELECT a AS from, b FROM projects WHERE {tenant}",
        "stands in `\"`",
    );
    refuses(
        "SELECT * FROM projects p WHERE {tenant} AND p.or = 1",
        "stands in `\"`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = 1OR 1 = 1",
        "neither a number nor a name",
    );
    refuses(
        "SELECT * FROM projects WHERE id IN tasks AND {tenant}",
        "in parentheses",
    );
    refuses(
        "SELECT * FROM (projects) JOIN tasks t ON {tenant t}",
        "around a query only",
    );
    refuses(
        "SELECT p.a FROM projects p (tenant_id, a) WHERE {tenant p}",
        "this is not understood",
    );
    refuses(
        "SELECT * FROM (projects p JOIN tasks t ON {tenant t})",
        "around a query only",
    );
    refuses(
        "SELECT * FROM public.projects WHERE {tenant}",
        "without its schema",
    );
    refuses(
        "SELECT * FROM projects TABLESAMPLE system (1) WHERE {tenant}",
        "`TABLESAMPLE` is not understood",
    );
    refuses(
        "UPDATE OR REPLACE projects SET a = 1 WHERE {tenant}",
        "a table has to follow",
    );
    refuses(
        "SELECT * INTO copies FROM projects WHERE {tenant}",
        "`INTO` is not understood",
    );
    refuses(
        "WITH a AS (TABLE tasks) SELECT p.* FROM projects p JOIN a ON 1 WHERE {tenant}",
        "TABLE may not stand here",
    );
}

#[test]
fn refuses_joins_that_let_rows_through() {
    refuses(
        "SELECT * FROM projects, tasks WHERE {tenant}",
        "instead of a comma",
    );
    refuses(
        "SELECT p.a FROM projects p JOIN {shared s} ON a = b, tasks WHERE {tenant p}",
        "instead of a comma",
    );
    refuses(
        "SELECT p.a FROM projects p JOIN (SELECT 1) s ON 1, tasks WHERE {tenant p}",
        "instead of a comma",
    );
    refuses(
        "SELECT p.a FROM projects p JOIN s USING (a), tasks WHERE {tenant p} AND {tenant s}",
        "instead of a comma",
    );
    refuses(
        "SELECT p.a FROM projects p LEFT JOIN tasks t ON {tenant t} AND {tenant p}",
        "the table that it joins",
    );
    refuses(
        "SELECT p.a FROM projects p LEFT JOIN {shared s} ON {tenant p}",
        "the table that it joins",
    );
    refuses(
        "SELECT p.a FROM projects p LEFT JOIN (SELECT 1) s ON {tenant}",
        "the table that it joins",
    );
    refuses(
        "SELECT p.a FROM tasks p RIGHT JOIN projects t ON {tenant t} WHERE {tenant p}",
        "LEFT JOIN",
    );
    refuses(
        "SELECT p.a FROM tasks p FULL JOIN projects t ON {tenant t} WHERE {tenant p}",
        "two statements",
    );
    refuses(
        "SELECT p.a FROM tasks p NATURAL JOIN projects t WHERE {tenant p} AND {tenant t}",
        "JOIN … ON",
    );
}

#[test]
fn refuses_a_tenant_that_says_of_no_table() {
    refuses(
        "SELECT p.a FROM projects p JOIN tasks t ON 1 WHERE {tenant}",
        "`{tenant p}` or `{tenant t}`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND {tenant q}",
        "no table of this query is called `q`",
    );
    refuses(
        "SELECT * FROM projects p WHERE {tenant} AND EXISTS (SELECT 1 FROM (SELECT 1) a WHERE {tenant p})",
        "called `p`",
    );
    refuses(
        "SELECT p.a FROM projects p JOIN tasks p ON 1 WHERE {tenant p}",
        "give them aliases",
    );
    refuses(
        "SELECT a FROM projects JOIN projects ON 1 WHERE {tenant projects}",
        "give them aliases",
    );
}

#[test]
fn refuses_names_of_with_that_are_no_names_yet() {
    // A name counts after its query; inside it still means the table.
    refuses(
        "WITH tasks AS (SELECT * FROM tasks) SELECT p.a FROM projects p JOIN tasks ON 1 WHERE {tenant}",
        "the table `tasks`",
    );
    refuses(
        "WITH a AS (SELECT * FROM tasks), tasks AS (SELECT 1) SELECT a.a FROM a JOIN projects ON {tenant}",
        "the table `tasks`",
    );
    refuses(
        "SELECT p.a FROM (WITH tasks AS (SELECT 1) SELECT 1) s JOIN tasks ON 1 JOIN projects p ON {tenant p}",
        "{tenant tasks}",
    );
    refuses(
        "WITH a AS (SELECT 1) SELECT a FROM tasks WINDOW tasks AS (ORDER BY a)",
        "the table `tasks`",
    );
    refuses(
        "WITH a AS tasks SELECT a FROM projects WHERE {tenant}",
        "a WITH clause is written",
    );
}

#[test]
fn refuses_rows_for_another_tenant() {
    refuses(
        "INSERT INTO projects (id, rank) VALUES (1, :x)",
        "name the column `tenant_id`",
    );
    refuses(
        "INSERT INTO projects VALUES ({tenant_id}, 1)",
        "names its columns",
    );
    refuses("INSERT INTO projects DEFAULT VALUES", "names its columns");
    refuses(
        "INSERT INTO projects (tenant_id, id) DEFAULT VALUES",
        "`DEFAULT` is not understood",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) VALUES (:x, 1)",
        "has to be `{tenant_id}`",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) VALUES (:x, {tenant_id})",
        "has to be `{tenant_id}`",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) VALUES ({tenant_id}, 1), (:x, 2)",
        "has to be `{tenant_id}`",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) SELECT tenant_id, id FROM tasks WHERE {tenant}",
        "has to be `{tenant_id}`",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) SELECT {tenant_id}, id FROM tasks",
        "the table `tasks` is open",
    );
    refuses(
        "INSERT INTO projects (tenant_id) SELECT {tenant_id} UNION SELECT :x",
        "has to be `{tenant_id}`",
    );
    refuses(
        "INSERT INTO projects (id, tenant_id) SELECT t.*, {tenant_id} FROM tasks t WHERE {tenant}",
        "one by one",
    );
    refuses(
        "INSERT INTO projects (tenant_id, id) VALUES ({tenant_id})",
        "2 columns and 1 values",
    );
    refuses(
        "INSERT INTO {shared saas_accounts} (tenant_id) VALUES ({tenant_id})",
        "a table of the tenant",
    );
    refuses(
        "INSERT OR REPLACE INTO projects (tenant_id) VALUES ({tenant_id})",
        "INSERT INTO table",
    );
    refuses(
        "REPLACE INTO projects (tenant_id) VALUES ({tenant_id})",
        "begins with SELECT",
    );
    refuses(
        "UPDATE projects SET tenant_id = :x WHERE {tenant}",
        "stays with its tenant",
    );
    refuses(
        "UPDATE projects SET a = 1, \"tenant_id\" = :x WHERE {tenant}",
        "stays with its tenant",
    );
    refuses(
        "UPDATE projects SET (a, tenant_id) = (1, :x) WHERE {tenant}",
        "stays with its tenant",
    );
    refuses(
        "UPDATE {shared saas_accounts} SET a = 1 WHERE id IN (SELECT a FROM projects WHERE {tenant})",
        "`SystemTx`",
    );
    refuses(
        "INSERT INTO projects (tenant_id, a) VALUES ({tenant_id}, 1) ON CONFLICT (a) DO UPDATE SET b = 1",
        "ON CONFLICT (tenant_id, …)",
    );
    refuses(
        "INSERT INTO projects (tenant_id, a) VALUES ({tenant_id}, 1) ON CONFLICT DO UPDATE SET b = 1",
        "ON CONFLICT (tenant_id, …)",
    );
    refuses(
        "INSERT INTO projects (tenant_id, a) VALUES ({tenant_id}, 1) ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = :x",
        "stays with its tenant",
    );
}

#[test]
fn refuses_what_hides_or_leaves_the_statement() {
    refuses(
        "SELECT * FROM projects WHERE {tenant}; SELECT 1",
        "leave the `;` out",
    );
    refuses("SELECT * FROM projects -- WHERE {tenant}", "a comment");
    refuses(
        "SELECT * FROM projects /* WHERE */ WHERE {tenant}",
        "a comment",
    );
    refuses(
        "SELECT * FROM projects WHERE a = 1 +-- AND\n {tenant}",
        "a comment",
    );
    refuses(
        "SELECT * FROM projects WHERE a = 1 */* AND {tenant}",
        "a comment",
    );
    refuses(
        "SELECT * FROM projects WHERE tenant_id = $1",
        "write an argument as `:name`",
    );
    refuses(
        "SELECT * FROM projects WHERE tenant_id = ?",
        "write an argument as `:name`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = @x",
        "write an argument as `:name`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = 'it\\'s'",
        "a backslash",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = E'b'",
        "a text with a prefix",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = U&\"b\\0061\"",
        "a backslash",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = 'b",
        "this ' is not closed",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND (a",
        "this `(` is not closed",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a)",
        "this `)` closes nothing",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant",
        "this `{` is not closed",
    );
    refuses(
        "SELECT * FROM projects WHERE {Tenant}",
        "`{Tenant}` is unknown",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant p q}",
        "`{tenant p q}` is unknown",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant p;}",
        "`{tenant p;}` is unknown",
    );
    refuses(
        "SELECT * FROM `projects` WHERE {tenant}",
        "quote names with `\"`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant}\u{a0}AND a",
        "no place outside quotes",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = '\0'",
        "a control character",
    );
    refuses("", "there is no statement");
}

#[test]
fn refuses_what_changes_who_is_asking() {
    refuses(
        "SELECT set_config('a', 'b', true) FROM projects WHERE {tenant}",
        "`set_config` may not be called",
    );
    refuses(
        "SELECT \"set_config\"('a', 'b', true) FROM projects WHERE {tenant}",
        "`set_config` may not be called",
    );
    refuses(
        "SELECT current_setting('a') FROM projects WHERE {tenant}",
        "`current_setting` may not be called",
    );
    refuses(
        "SELECT query_to_xml('SELECT 1') FROM projects WHERE {tenant}",
        "runs text as SQL",
    );
    refuses(
        "SELECT f('select set_config(1)') FROM projects WHERE {tenant}",
        "set by the transaction alone",
    );
    refuses(
        "SELECT f('app.tenant_id') FROM projects WHERE {tenant}",
        "set by the transaction alone",
    );
    refuses("SET LOCAL app.tenant_id = 'a'", "begins with SELECT");
    refuses("PRAGMA foreign_keys = off", "PRAGMA may not stand here");
    refuses("ATTACH 'other.db' AS other", "ATTACH may not stand here");
    refuses("COMMIT", "COMMIT may not stand here");
    refuses("TRUNCATE projects", "TRUNCATE may not stand here");
    refuses(
        "EXPLAIN SELECT * FROM projects WHERE {tenant}",
        "begins with SELECT",
    );
}

#[test]
fn refuses_rows_that_are_read_wrongly() {
    refuses(
        "SELECT * FROM projects p JOIN tasks t ON {tenant t} WHERE {tenant p}",
        "several columns of one name",
    );
    refuses(
        "SELECT p.*, t.* FROM projects p JOIN tasks t ON {tenant t} WHERE {tenant p}",
        "several columns of one name",
    );
    let messages = refusals("DELETE FROM projects WHERE {tenant} AND a = :x", "Vec<Row>");
    assert!(
        messages
            .iter()
            .any(|message| message.contains("add RETURNING")),
        "{messages:?}"
    );
    for returns in ["u64", "()"] {
        let messages = refusals(
            "SELECT count(*) FROM projects WHERE {tenant} AND a = :x",
            returns,
        );
        assert!(
            messages
                .iter()
                .any(|message| message.contains("a count is `(i64,)`")),
            "{messages:?}"
        );
    }
    let messages = refusals(
        "SELECT count(*) FROM projects WHERE {tenant} AND a = :x",
        "i64",
    );
    assert_eq!(messages, ["a row of one column is a tuple: write `(i64,)`"]);
}

#[test]
fn binds_have_to_be_arguments_and_arguments_binds() {
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = :y",
        "`:y` is no argument of the method; there is `:x`",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = :",
        "begins the name of an argument",
    );
    refuses(
        "SELECT * FROM projects WHERE {tenant} AND a = :1",
        "begins the name of an argument",
    );
    let messages = refusals("SELECT * FROM projects WHERE {tenant}", "Vec<Row>");
    assert_eq!(
        messages,
        ["the statement does not use `:x`: use it, or take it away"]
    );
}
