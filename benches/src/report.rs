//! Writes `benchmarks.md` from what the runs have left. Nothing in it is typed by hand. What was not run on this machine stays as
//! it was.

use std::{fmt::Write as _, path::Path};

use serde_json::Value;

use crate::{
    plot,
    record::{self, Record, Run, number},
};

/// Writes the page and its pictures into a folder of the book.
pub(crate) fn write(criterion: &Path, docs: &Path) {
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
        ("compile", "Compiling"),
    ] {
        if let Some(run) = record::load(suite) {
            heading(&mut page, title, &run);
            if suite == "growth" {
                page.push_str(
                    "The starter on SQLite, started anew with each number, and asked by one client. The first row is the first request after a \
                     sign-in and loads the rules of its tenant, of which there are 40,000 at most (a tenant may have 50,000).\n\n",
                );
            }
            tables(&mut page, &run.rows, |_, _, _| None);
        } else {
            page.push_str(&kept(&before, title));
        }
    }
    if !micro(&mut page, criterion) {
        page.push_str(&kept(&before, PARTS));
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
        (
            "axum + sqlx by hand".to_owned(),
            ["SQLite"].as_slice(),
            1.25,
        ),
        ("axum + sqlx by hand".to_owned(), &["PostgreSQL"], 1.5),
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
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                let met = if ours / theirs <= goal {
                    "met"
                } else {
                    "missed"
                };
                let _ = writeln!(
                    page,
                    "| starter beside {beside}, {database} | at most {goal:.4} of it | {:.4}, {met} |",
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

const PARTS: &str = "Parts";

/// The medians that criterion has left; tells whether there are any.
fn micro(page: &mut String, criterion: &Path) -> bool {
    let mut found = Vec::new();
    collect(criterion, &mut found);
    if found.is_empty() {
        return false;
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let _ = writeln!(
        page,
        "## {PARTS}\n\nBy criterion, each with the bounds of its median (95 %).\n"
    );
    // Its figures are those of this machine.
    list(page, &record::machine());
    page.push_str("| | median | from | to |\n|---|---:|---:|---:|\n");
    for (name, [median, low, high]) in found {
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} |",
            time(median),
            time(low),
            time(high)
        );
    }
    page.push('\n');
    true
}

fn collect(folder: &Path, found: &mut Vec<(String, [f64; 3])>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let read = |name: &str| -> Option<Value> {
        serde_json::from_slice(&std::fs::read(folder.join("new").join(name)).ok()?).ok()
    };
    if let (Some(estimates), Some(benchmark)) = (read("estimates.json"), read("benchmark.json")) {
        let median = &estimates["median"];
        let bounds = &median["confidence_interval"];
        let figures = [
            &median["point_estimate"],
            &bounds["lower_bound"],
            &bounds["upper_bound"],
        ];
        let name = benchmark["full_id"].as_str().unwrap_or_default().to_owned();
        found.push((
            name,
            figures.map(|figure| figure.as_f64().unwrap_or_default()),
        ));
        return;
    }
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), found);
        }
    }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{} ns", number(small)),
        middle if middle < 1e6 => format!("{} us", number(middle / 1e3)),
        large => format!("{} ms", number(large / 1e6)),
    }
}
