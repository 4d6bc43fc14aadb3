//! Every statement that SQLite is sent, read by a parser of its own: where no policy stands behind a
//! statement, each table of tenants in it has to be bound to the tenant.

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use futures_util::TryStreamExt as _;
use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{
    EntityTable, Error, Filter, Migration, Module, PageQuery, TenantEntity, TenantTx,
    tenant_repository,
};
use saas_testkit::TestDatabase;
use sqlparser::{
    ast::{
        Assignment, BinaryOperator, Expr, Query, Select, SetExpr, Statement, TableFactor, Visit,
        Visitor,
    },
    dialect::SQLiteDialect,
    parser::Parser,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit as Fields},
    span,
};

/// Begins the names of the tables that the test looks for, which no other test uses.
const PREFIX: &str = "logged_";

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "logged_books", new = "NewBook", patch = "BookPatch")]
struct Book {
    #[entity(id)]
    id: Id<Book>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, sort, unique)]
    title: String,
    #[entity(filter, sort)]
    pages: i64,
    #[entity(version)]
    version: i64,
    #[entity(updated)]
    updated_at: Timestamp,
    #[entity(deleted)]
    deleted_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "logged_loans", new = "NewLoan", patch = "LoanPatch")]
struct Loan {
    #[entity(id)]
    id: Id<Loan>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, references = "logged_books")]
    book_id: Id<Book>,
    reader: String,
}

/// Statements of the kinds that the macro lets through.
#[tenant_repository(entity = Book)]
trait Shelf {
    #[sql(
        "SELECT b.title, count(l.id) FROM logged_books b LEFT JOIN logged_loans l ON l.book_id = b.id AND {tenant l} WHERE {tenant b} GROUP BY b.title"
    )]
    async fn loans_by_title(&mut self) -> Result<Vec<(String, i64)>>;

    #[sql(
        "SELECT * FROM logged_books b WHERE {tenant b} AND EXISTS (SELECT 1 FROM logged_loans l WHERE l.book_id = b.id AND {tenant l})"
    )]
    async fn lent(&mut self) -> Result<Vec<Book>>;

    #[sql(
        "WITH long AS (SELECT id FROM logged_books WHERE {tenant} AND pages > :pages) SELECT count(*) FROM long"
    )]
    async fn long_ones(&mut self, pages: i64) -> Result<(i64,)>;

    #[sql(
        "SELECT title FROM logged_books WHERE {tenant} AND pages = 1 UNION SELECT reader FROM logged_loans WHERE {tenant}"
    )]
    async fn names(&mut self) -> Result<Vec<(String,)>>;

    #[sql(
        "SELECT title, row_number() OVER (ORDER BY pages) FROM logged_books WHERE {tenant} AND (pages > :pages OR title = :title)"
    )]
    async fn ranked(&mut self, pages: i64, title: &str) -> Result<Vec<(String, i64)>>;

    #[sql("UPDATE logged_books SET pages = pages + :more WHERE {tenant} AND pages < :most")]
    async fn thicken(&mut self, more: i64, most: i64) -> Result<u64>;
}

const MODULE: Module = Module::new("logged")
    .migrations(&[Migration::new(
        1,
        "books",
        "CREATE TABLE logged_books (id BLOB NOT NULL, tenant_id BLOB NOT NULL, title TEXT NOT NULL, pages INTEGER NOT NULL,
            version INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, PRIMARY KEY (tenant_id, id)) STRICT;
         CREATE UNIQUE INDEX logged_title ON logged_books (tenant_id, title);
         CREATE TABLE logged_loans (id BLOB NOT NULL, tenant_id BLOB NOT NULL, book_id BLOB NOT NULL, reader TEXT NOT NULL,
            PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, book_id) REFERENCES logged_books (tenant_id, id)) STRICT;",
        "",
    )])
    .entities(&[EntityTable::new::<Book>(), EntityTable::new::<Loan>()]);

/// Keeps the statements over our tables that the driver logs, on whichever thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Text<'a>(&'a Log);

impl Fields for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // The driver's summary is shortened; a long statement stands in the other field.
        if matches!(field.name(), "summary" | "db.statement") && value.contains(PREFIX) {
            self.0.0.lock().unwrap().push(value.trim().to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Text(self));
    }

    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Everything that a repository can be asked for.
async fn use_everything(tx: &mut TenantTx) -> Result<(), Error> {
    let new = |title: &str, pages| NewBook {
        title: title.to_owned(),
        pages,
    };
    let patch = |pages| BookPatch {
        pages: Some(pages),
        ..BookPatch::default()
    };
    let book = tx.repo::<Book>().insert(new("one", 1)).await?;
    let many = [new("two", 2), new("three", 3)];
    let more = tx.repo::<Book>().insert_many(many).await?;
    let loan = NewLoan {
        book_id: book.id,
        reader: "ann".to_owned(),
    };
    let loan = tx.repo::<Loan>().insert(loan).await?;
    tx.repo::<Book>()
        .upsert(Book::TITLE, new("one", 11))
        .await?;
    tx.repo::<Book>().find(book.id).await?;
    tx.repo::<Book>().find_many([book.id, more[0].id]).await?;
    tx.repo::<Loan>().find_by(Loan::BOOK_ID, [book.id]).await?;
    let either = (Book::TITLE.eq("one") | Book::PAGES.gt(2)) & !Book::TITLE.starts_with("t");
    tx.repo::<Book>().count(either.clone()).await?;
    tx.repo::<Book>().exists(either.clone()).await?;
    for sort in [|| Book::PAGES.ascending(), || Book::PAGES.descending()] {
        let query = || {
            PageQuery::new()
                .sort(sort())
                .filter(either.clone())
                .limit(1)
        };
        let page = tx.repo::<Book>().list(query()).await?;
        if let Some(next) = page.next {
            tx.repo::<Book>().list(query().after(next)).await?;
        }
    }
    let all: Vec<Book> = tx
        .repo::<Book>()
        .stream(Filter::all([]))
        .try_collect()
        .await?;
    assert_eq!(all.len(), 3);
    let stored = tx.repo::<Book>().get(book.id).await?;
    tx.repo::<Book>()
        .update(book.id, Some(stored.version), patch(5))
        .await?;
    tx.repo::<Book>().update(book.id, None, patch(6)).await?;
    tx.repo::<Book>()
        .update_where(either.clone(), patch(7))
        .await?;
    tx.loans_by_title().await?;
    tx.lent().await?;
    tx.long_ones(2).await?;
    tx.names().await?;
    tx.ranked(1, "one").await?;
    tx.thicken(1, 100).await?;
    tx.repo::<Loan>().delete(loan.id, None).await?;
    tx.repo::<Book>().delete(more[0].id, None).await?;
    tx.repo::<Book>().restore(more[0].id).await?;
    tx.repo::<Book>().delete_where(either).await?;
    tx.repo::<Book>().purge(more[1].id, None).await?;
    Ok(())
}

/// Looks for tables that are not bound to a tenant.
#[derive(Default)]
struct Unbound(Vec<String>);

impl Visitor for Unbound {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.set(&query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Update(update) => {
                let own = conjuncts(update.selection.as_ref());
                self.table(&update.table.relation, &own);
                let moves =
                    |assignment: &Assignment| assignment.target.to_string().contains("tenant_id");
                if update.assignments.iter().any(moves) {
                    self.0.push("a row changes its tenant".to_owned());
                }
            }
            Statement::Delete(delete) => {
                let own = conjuncts(delete.selection.as_ref());
                let from = match &delete.from {
                    sqlparser::ast::FromTable::WithFromKeyword(from)
                    | sqlparser::ast::FromTable::WithoutKeyword(from) => from,
                };
                for table in from {
                    self.table(&table.relation, &own);
                }
            }
            Statement::Insert(insert) => {
                let first = insert
                    .columns
                    .iter()
                    .position(|column| column.to_string().trim_matches('"') == "tenant_id");
                if first.is_none() {
                    self.0.push(format!("rows without a tenant: {insert}"));
                }
                if let Some(conflict) = &insert.on {
                    let text = conflict.to_string();
                    if !text.contains("(tenant_id") && !text.contains("(\"tenant_id\"") {
                        self.0.push(format!("a conflict with any tenant: {text}"));
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Unbound {
    fn set(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.set(left);
                self.set(right);
            }
            // Of queries in parentheses the visitor comes by itself.
            _ => {}
        }
    }

    fn select(&mut self, select: &Select) {
        let own = conjuncts(select.selection.as_ref());
        for from in &select.from {
            self.table(&from.relation, &own);
            for join in &from.joins {
                let mut bound = own.clone();
                let operator = &join.join_operator;
                if let sqlparser::ast::JoinOperator::Inner(on)
                | sqlparser::ast::JoinOperator::Join(on)
                | sqlparser::ast::JoinOperator::Left(on)
                | sqlparser::ast::JoinOperator::LeftOuter(on) = operator
                    && let sqlparser::ast::JoinConstraint::On(on) = on
                {
                    bound.extend(conjuncts(Some(on)));
                }
                self.table(&join.relation, &bound);
            }
        }
    }

    fn table(&mut self, table: &TableFactor, conjuncts: &[Expr]) {
        let TableFactor::Table { name, alias, .. } = table else {
            return;
        };
        let name = name.to_string().replace('"', "");
        if !name.starts_with(PREFIX) {
            return;
        }
        let alias = alias.as_ref().map(|alias| alias.name.value.clone());
        if !conjuncts
            .iter()
            .any(|one| binds(one, &name, alias.as_deref()))
        {
            self.0.push(format!("{name} is not bound"));
        }
    }
}

/// Takes `a AND (b OR c) AND d` apart into three.
fn conjuncts(condition: Option<&Expr>) -> Vec<Expr> {
    match condition {
        Some(Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        }) => [conjuncts(Some(left)), conjuncts(Some(right))].concat(),
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    }
}

/// Whether it is `tenant_id = $1` of that table.
fn binds(condition: &Expr, table: &str, alias: Option<&str>) -> bool {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = condition
    else {
        return false;
    };
    let left = left.to_string().replace('"', "");
    let column = match (left.rsplit_once('.'), alias) {
        (None, None) => left == "tenant_id",
        (Some((of, column)), alias) => of == alias.unwrap_or(table) && column == "tenant_id",
        // A bare column with an alias beside it could be of another table.
        (None, Some(_)) => false,
    };
    let value = right.to_string();
    column && (value.starts_with('$') || value.starts_with('?'))
}

fn unbound(sql: &str) -> Vec<String> {
    // The parser does not know which part of a unique index a conflict may name; it binds nothing.
    let known = sql.replace(") WHERE deleted_at IS NULL DO UPDATE", ") DO UPDATE");
    let parsed = Parser::parse_sql(&SQLiteDialect {}, &known);
    let parsed = parsed.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let mut found = Unbound::default();
    let _ = parsed.visit(&mut found);
    found.0
}

#[test]
fn the_reader_of_the_log_sees_what_is_missing() {
    for open in [
        "SELECT * FROM logged_books",
        "SELECT * FROM logged_books WHERE tenant_id = $1 OR pages = 1",
        "SELECT * FROM logged_books b JOIN logged_loans l ON l.book_id = b.id WHERE b.tenant_id = $1",
        "SELECT * FROM logged_books WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM logged_loans)",
        "SELECT 1 FROM logged_books WHERE tenant_id = $1 UNION SELECT 1 FROM logged_loans",
        "WITH a AS (SELECT * FROM logged_loans) SELECT * FROM a",
        "UPDATE logged_books SET pages = 1 WHERE pages = 2",
        "UPDATE logged_books SET tenant_id = $2 WHERE tenant_id = $1",
        "DELETE FROM logged_books WHERE tenant_id = tenant_id",
        "INSERT INTO logged_books (id) VALUES ($1)",
        "INSERT INTO logged_books (tenant_id, title) VALUES ($1, $2) ON CONFLICT (title) DO NOTHING",
    ] {
        assert_ne!(unbound(open), [""; 0], "{open}");
    }
    let bound = "SELECT * FROM logged_books b LEFT JOIN logged_loans l ON l.tenant_id = $1 AND l.book_id = b.id WHERE b.tenant_id = $1 AND (b.pages = 1 OR b.pages = 2)";
    assert_eq!(unbound(bound), [""; 0]);
}

#[tokio::test]
async fn iso_39_41_every_statement_binds_every_table_to_the_tenant() {
    let log = Log::default();
    // For all threads, because SQLite has one of its own for each connection.
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &MODULE]).await;
    let scope = db.scope(&db.tenant("acme").await);
    log.0.lock().unwrap().clear();
    let mut tx = db.database().write(&scope);
    use_everything(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let statements = std::mem::take(&mut *log.0.lock().unwrap());
    let mut full: Vec<&String> = statements
        .iter()
        .filter(|sql| !sql.ends_with('…'))
        .collect();
    full.sort_unstable();
    full.dedup();
    assert!(full.len() > 25, "{full:#?}");
    for sql in full {
        assert_eq!(unbound(sql), [""; 0], "{sql}");
    }
}
