//! The chapter about metrics, as a running starter shows them.

use std::collections::{BTreeMap, BTreeSet};

use super::{row, starter::Starter};

const TOKEN: &str = "reference";
const HEAD: &str = "# Metrics

What `/metrics` of the starter shows, in the text format of Prometheus. Where there is a Redis it shows `saas_redis_connected`, too. A dashboard and alerts are in `docs/ops`. Written by `cargo xtask reference --write` from a starter that runs; CI compares.

| metric | type | labels | |
|---|---|---|---|
";

/// What the labels are, by their names.
const LABELS: &[(&str, &str)] = &[
    ("cache", "the name of a cache"),
    ("code", "a [problem code](problems.md)"),
    (
        "from",
        "where the value was: `here` in this process, `shared` between instances, `stale`, `loaded` from the database, or `waited` for",
    ),
    ("le", "the upper bound of a bucket, in seconds"),
    (
        "limit",
        "the name of a limit as clients are told: `address`, `principal`, `tenant`, or a class of routes",
    ),
    ("of", "`members` of the tenant, or `visitors`"),
    (
        "operation",
        "what was asked of the store: `put`, `get`, `stat`, `list`, `delete`, `copy` or `presign`",
    ),
    (
        "outcome",
        "what became of the delivery of an event: `delivered`, `failed`, which is tried again, or `given-up`",
    ),
    (
        "route",
        "the method and the path of a route as it is declared, never as it was asked",
    ),
    (
        "state",
        "`working`, `aside` because it takes long, `streaming` a large body, or `waiting` for a place",
    ),
    ("task", "the name of what runs beside the requests"),
    (
        "tenant",
        "the id of one of the busiest tenants, or `(others)`; only for who sends `metrics.token` in `X-Metrics-Token`",
    ),
];

/// A metric: its type, its help, and its labels if it has any series.
type Metric = (String, String, Option<BTreeSet<String>>);

pub(super) fn page(starter: &Starter) -> Result<String, String> {
    let serving = starter.serve(&[("SAAS__METRICS__TOKEN", TOKEN)])?;
    // So that there is an answer, and a refusal.
    serving.get("/health/live", "")?;
    serving.get("/api/v1/projects", "")?;
    let text = serving.get("/metrics", &format!("X-Metrics-Token: {TOKEN}\r\n"))?;
    let (mut page, mut used) = (HEAD.to_owned(), BTreeSet::new());
    for (name, (kind, help, labels)) in read(&text) {
        let labels = labels.ok_or_else(|| format!("`/metrics` has no series of `{name}`"))?;
        let shown: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        row(
            &mut page,
            &[&format!("`{name}`"), &kind, &shown.join(", "), &help],
        );
        used.extend(labels);
    }
    page.push_str("\n| label | |\n|---|---|\n");
    for label in used {
        let about = LABELS.iter().find(|(name, _)| *name == label);
        let (_, about) =
            about.ok_or_else(|| format!("nothing says what the label `{label}` is"))?;
        row(&mut page, &[&format!("`{label}`"), about]);
    }
    Ok(page)
}

fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), Some(help)) => {
                help.clone_into(&mut found.entry(name.to_owned()).or_default().1);
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                kind.clone_into(&mut found.entry(name.to_owned()).or_default().0);
            }
            _ => {
                let (name, labels) = series(line);
                let ends = ["", "_bucket", "_sum", "_count"];
                let mut names = ends.iter().filter_map(|end| name.strip_suffix(end));
                if let Some(name) = names.find(|name| found.contains_key(*name))
                    && let Some((_, _, known)) = found.get_mut(name)
                {
                    known.get_or_insert_default().extend(labels);
                }
            }
        }
    }
    found
}

/// Takes a line apart: the name, and those of the labels.
fn series(line: &str) -> (&str, Vec<String>) {
    let Some((name, rest)) = line.split_once('{') else {
        return (line.split(' ').next().unwrap_or_default(), Vec::new());
    };
    let labels = rest.rsplit_once('}').map_or("", |(labels, _)| labels);
    // Between two values in quotes stands the name of the second.
    let between = labels.split('"').step_by(2);
    let names = between.map(|name| name.trim_matches([',', '=']).to_owned());
    (name, names.filter(|name| !name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_are_found_also_where_values_look_like_some() {
        let text = "# HELP a What a is.\n# TYPE a counter\na{b=\"x y\",c=\"{d=}\"} 1\n";
        let read = super::read(text);
        let labels = ["b", "c"].map(str::to_owned).into();
        let metric = ("counter".to_owned(), "What a is.".to_owned(), Some(labels));
        assert_eq!(read, [("a".to_owned(), metric)].into());
    }
}
