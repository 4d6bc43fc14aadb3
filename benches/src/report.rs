//! Writes `benchmarks.md` from what the runs have left. Nothing in it is typed by hand. What was not run on this machine stays as
//! it was.

use std::{fmt::Write as _, path::Path};

use crate::{
    plot,
    record::{self, Record, Run, number},
};

/// Writes the page and its pictures into a folder of the book.
pub(crate) fn write(docs: &Path) {
    let pictures = docs.join("benchmarks");
    std::fs::create_dir_all(&pictures).unwrap();
    let before = std::fs::read_to_string(docs.join("benchmarks.md")).unwrap_or_default();
    let mut page = String::from(
        "<!-- Written by `cargo xtask bench --report`. -->\n\n# Benchmarks\n\n\
         What is compared is processor time, of the server and the database together, because it bears a noisy machine; the other \
         figures stand beside it. All servers are processes on one machine, with the client beside them, the same rows in the same \
         database and 32 connections; they take turns in an order that changes. Each figure is the median of its rounds, and the \
         lowest and highest round are given as parts of that median. Repeat it with `cargo xtask bench --report`.\n\n",
    );
    if let Some(run) = record::load("http") {
        heading(&mut page, "Over HTTP", &run);
        page.push_str(
            "The limit knows one tenant and asks nobody to sign in. The starter does all that it does in production \
             but a line in its log for each request: it resolves and admits the tenant, verifies the token, counts limits, decides about the \
             permission, scopes the statement and traces. Servers by hand and peers connect to PostgreSQL as a superuser, for whom there is no row-level \
             security. Rules of casbin and pycasbin are spread over tenants of about ten users.\n\n",
        );
        goals(&mut page, &run.rows);
        tables(&mut page, &run.rows, |number, table, rows| {
            if !table.contains("one row") {
                return None;
            }
            let name = format!("http-{number}.svg");
            plot::bars(&pictures.join(&name), table, rows, "CPU s per 100k");
            Some(name)
        });
    } else {
        page.push_str(&kept(&before, "Over HTTP"));
    }
    if let Some(run) = record::load("scale") {
        heading(&mut page, "Scale", &run);
        tables(&mut page, &run.rows, |number, table, rows| {
            let figure = if table.contains("decision") {
                "ns for a decision"
            } else {
                "us each, first pass"
            };
            let name = format!("scale-{number}.svg");
            plot::line(&pictures.join(&name), table, rows, figure);
            Some(name)
        });
    } else {
        page.push_str(&kept(&before, "Scale"));
    }
    for (suite, title) in [
        ("growth", "A database that has grown"),
        ("tenants", "A tenant, by placement"),
        ("passwords", "A flood of sign-ins"),
        ("micro", "Parts"),
        ("storage", "Files"),
        ("compile", "Compiling"),
    ] {
        if let Some(run) = record::load(suite) {
            heading(&mut page, title, &run);
            page.push_str(match suite {
                "growth" => {
                    "The starter on SQLite, started anew with each number, and asked by one client. The first row is the first request after a \
                     sign-in and loads the rules of its tenant, of which there are 40,000 at most (a tenant may have 50,000).\n\n"
                }
                "passwords" => {
                    "200 people sign in at once. Others are tasks that compute for some 100 us, one a millisecond; what they wait for is given \
                     as a p99, while nobody signs in and beside the flood.\n\n"
                }
                _ => "",
            });
            tables(&mut page, &run.rows, |_, _, _| None);
        } else {
            page.push_str(&kept(&before, title));
        }
    }
    std::fs::write(
        docs.join("benchmarks.md"),
        page.trim_end().to_owned() + "\n",
    )
    .unwrap();
}

/// Gives what the page has had under a title; nothing, where it had none.
fn kept(page: &str, title: &str) -> String {
    let mut sections = page.split("\n## ").skip(1);
    let section = sections.find(|section| section.lines().next() == Some(title));
    section.map_or_else(String::new, |section| {
        format!("## {}\n\n", section.trim_end())
    })
}

fn heading(page: &mut String, title: &str, run: &Run) {
    let Run { date, commit, .. } = run;
    let _ = writeln!(
        page,
        "## {title}\n\nMeasured on {date} at commit `{commit}`.\n"
    );
    list(page, &run.machine);
}

fn list(page: &mut String, machine: &[(String, String)]) {
    for (name, value) in machine {
        let _ = writeln!(page, "- {name}: {value}");
    }
    page.push('\n');
}

/// Nothing that also signs people in and keeps tenants apart is expected to cost less.
const LIMIT: &str = "axum + sqlx by hand";
const BOTH: [&str; 2] = ["SQLite", "PostgreSQL"];

/// What DESIGN promises of the starter, and whether this run shows it.
fn goals(page: &mut String, records: &[Record]) {
    let cost = |database: &str, server: &str| {
        let row = records.iter().find(|record| {
            record.table.starts_with(database)
                && record.table.ends_with("one row by id")
                && record.row.starts_with(server)
        })?;
        Some(row.figures.first()?.1)
    };
    page.push_str("| one row by id | goal | this run |\n|---|---|---|\n");
    let hand = "axum + jsonwebtoken + casbin by hand, ";
    let fastapi = "FastAPI + SQLAlchemy + PyJWT";
    for (beside, databases, goal) in [
        (LIMIT.to_owned(), ["SQLite"].as_slice(), 1.25),
        (LIMIT.to_owned(), &["PostgreSQL"], 1.5),
        (format!("{hand}100 rules"), &BOTH, 1.0),
        (format!("{hand}10000 rules"), &BOTH, 1.0 / 50.0),
        (
            format!("{fastapi}, permissions in a dict"),
            &BOTH,
            1.0 / 15.0,
        ),
        (
            format!("{fastapi} + pycasbin, 10,000 rules"),
            &BOTH,
            1.0 / 50.0,
        ),
    ] {
        for database in databases {
            let (ours, theirs) = (cost(database, "starter"), cost(database, &beside));
            if let (Some(ours), Some(theirs), Some(limit)) = (ours, theirs, cost(database, LIMIT)) {
                // What the limit itself does not reach, nothing can that does more than it.
                let judged = if ours / theirs <= goal {
                    "met".to_owned()
                } else if limit / theirs > goal {
                    format!("missed; the limit itself is {:.4} of it", limit / theirs)
                } else {
                    "missed".to_owned()
                };
                let _ = writeln!(
                    page,
                    "| starter beside {beside}, {database} | at most {goal:.4} of it | {:.4}, {judged} |",
                    ours / theirs
                );
            }
        }
    }
    page.push('\n');
}

/// Writes the tables in the order in which they came.
fn tables(
    page: &mut String,
    records: &[Record],
    draw: impl Fn(usize, &str, &[&Record]) -> Option<String>,
) {
    let mut names: Vec<&str> = Vec::new();
    for record in records {
        if !names.contains(&record.table.as_str()) {
            names.push(&record.table);
        }
    }
    for (place, name) in names.into_iter().enumerate() {
        let rows: Vec<&Record> = records
            .iter()
            .filter(|record| record.table == name)
            .collect();
        let columns: Vec<&str> = rows.first().map_or_else(Vec::new, |row| {
            row.figures.iter().map(|(name, _)| name.as_str()).collect()
        });
        let _ = writeln!(page, "### {name}\n");
        if let Some(picture) = draw(place, name, &rows) {
            let _ = writeln!(page, "![{name}](benchmarks/{picture})\n");
        }
        let _ = writeln!(page, "| | {} |", columns.join(" | "));
        let _ = writeln!(page, "|---|{}", "---:|".repeat(columns.len()));
        for row in rows {
            let figures: Vec<String> = row
                .figures
                .iter()
                .map(|(_, figure)| number(*figure))
                .collect();
            let _ = writeln!(page, "| {} | {} |", row.row, figures.join(" | "));
        }
        page.push('\n');
    }
}
