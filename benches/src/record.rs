//! What was measured, kept for the report.

use std::{path::PathBuf, process::Command};

use serde::{Deserialize, Serialize};

/// A row of a table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) table: String,
    pub(crate) row: String,
    /// Each with its name and unit.
    pub(crate) figures: Vec<(String, f64)>,
}

/// What one run has left, and which one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) date: String,
    pub(crate) commit: String,
    /// What it ran on; nothing, where whoever measured does not say.
    #[serde(default)]
    pub(crate) machine: Vec<(String, String)>,
    pub(crate) rows: Vec<Record>,
}

/// The rows of a run.
#[derive(Debug, Default)]
pub(crate) struct Records(Vec<Record>);

impl Records {
    /// Keeps a row, and prints it.
    pub(crate) fn add(&mut self, table: &str, row: &str, figures: &[(&str, f64)]) {
        if self.0.last().is_none_or(|last| last.table != table) {
            println!("\n{table}");
        }
        let shown: Vec<String> = figures
            .iter()
            .map(|(name, figure)| format!("{} {name}", number(*figure)))
            .collect();
        println!("  {row:<44} {}", shown.join(", "));
        let figures = figures
            .iter()
            .map(|(name, figure)| ((*name).to_owned(), *figure));
        self.0.push(Record {
            table: table.to_owned(),
            row: row.to_owned(),
            figures: figures.collect(),
        });
    }

    /// Writes all rows where the report looks for them.
    pub(crate) fn save(self, suite: &str) {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let run = Run {
            date: first_line("date", &["-u", "+%Y-%m-%d"]),
            commit: first_line("git", &["rev-parse", "--short", "HEAD"]),
            machine: machine(),
            rows: self.0,
        };
        let text = serde_json::to_string_pretty(&run).unwrap();
        std::fs::write(folder.join(format!("{suite}.json")), text).unwrap();
    }
}

/// Keeps rows that somebody else has measured, in JSON.
pub(crate) fn keep(suite: &str, rows: &str) {
    let mut records = Records::default();
    for Record {
        table,
        row,
        figures,
    } in serde_json::from_str::<Vec<Record>>(rows).unwrap()
    {
        let figures: Vec<_> = figures
            .iter()
            .map(|(name, at)| (name.as_str(), *at))
            .collect();
        records.add(&table, &row, &figures);
    }
    records.save(suite);
}

/// An earlier run; none, when there was none.
pub(crate) fn load(suite: &str) -> Option<Run> {
    let text = std::fs::read_to_string(folder().join(format!("{suite}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// What this runs on.
pub(crate) fn machine() -> Vec<(String, String)> {
    let read = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key));
        let value = line.and_then(|line| line.split_once(':'));
        value
            .map_or("unknown", |(_, value)| value.trim())
            .to_owned()
    };
    let none = |_| "none".to_owned();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = read("/proc/cpuinfo", "model name");
    let memory = read("/proc/meminfo", "MemTotal");
    let python = std::env::var("BENCH_PYTHON");
    let all = [
        (
            "Machine",
            format!("{processors} processors ({model}), {memory}"),
        ),
        ("Kernel", first_line("uname", &["-sr"])),
        ("Compiler", first_line("rustc", &["--version"])),
        (
            "PostgreSQL",
            std::env::var("BENCH_POSTGRES").unwrap_or_else(none),
        ),
        (
            "Python",
            python.map_or_else(none, |python| first_line(&python, &["--version"])),
        ),
    ];
    let all = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    all.collect()
}

/// The first line that a program prints.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or("unknown").to_owned()
}

/// Where all runs leave what they measured.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("BENCH_FOLDER").expect("BENCH_FOLDER names a folder"))
}

/// Three digits that mean something.
pub(crate) fn number(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1000.0 => grouped(&format!("{figure:.0}")),
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

/// A number of things.
pub(crate) fn counted(count: usize) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
