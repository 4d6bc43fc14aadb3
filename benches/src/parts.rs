//! Takes over what criterion has left of one suite.

use std::path::Path;

use serde_json::Value;

use crate::record::Records;

/// Keeps the medians under a folder of criterion as those of a suite.
pub(crate) fn keep(suite: &str, criterion: &Path) {
    let mut found = Vec::new();
    collect(criterion, &mut found);
    assert!(!found.is_empty(), "criterion has left nothing of {suite}");
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let mut records = Records::default();
    for (name, [median, low, high]) in found {
        let figures = [("ns", median), ("from", low), ("to", high)];
        records.add("Medians, each with its bounds (95 %)", &name, &figures);
    }
    records.save(suite);
}

/// Each by its name: nanoseconds, and the bounds of the median.
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
        let name = benchmark["full_id"].as_str().unwrap().to_owned();
        found.push((name, figures.map(|figure| figure.as_f64().unwrap())));
        return;
    }
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), found);
        }
    }
}
