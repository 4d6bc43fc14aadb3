//! Whether the tables of a query and its `{tenant}`s match.

use super::{Walk, condition::Guard, source::Source};

impl Walk {
    /// Compares the tables of a query with its `{tenant}`s. When some of either were refused already,
    /// what is missing is not reported again.
    pub(super) fn balance(&mut self, sources: &[Source], guards: &[Guard], misplaced: usize) {
        self.any_table |= tables_of(sources).next().is_some();
        self.same_names(sources);
        if self.misplaced > misplaced {
            return;
        }
        let mut bound = vec![false; sources.len()];
        for guard in guards {
            if let Some(index) = self.bound_by(guard, sources)
                && let Some(bound) = bound.get_mut(index)
            {
                *bound = true;
            }
        }
        if self.misplaced > misplaced {
            return;
        }
        let several = tables_of(sources).count() > 1;
        for (source, _) in sources
            .iter()
            .zip(bound)
            .filter(|(source, bound)| source.tenant && !bound)
        {
            let (name, shown) = (&source.name, source.shown());
            let message = if several {
                format!(
                    "the table `{name}` is open to every tenant: add `{{tenant {shown}}}` to the WHERE clause, or to the ON \
                     clause that joins it"
                )
            } else {
                format!(
                    "the table `{name}` is open to every tenant: add `{{tenant}}`, as in `… {name} WHERE {{tenant}} AND …`"
                )
            };
            self.problem(source.at.clone(), message);
        }
    }

    /// Finds the table that a `{tenant}` binds.
    fn bound_by(&mut self, guard: &Guard, sources: &[Source]) -> Option<usize> {
        match which(guard, sources) {
            Ok(index) => Some(index),
            Err(message) => {
                self.misplaced += 1;
                self.problem(guard.at.clone(), message);
                None
            }
        }
    }

    fn same_names(&mut self, sources: &[Source]) {
        for (index, source) in sources.iter().enumerate() {
            let earlier = sources.get(..index).unwrap_or_default();
            let same = |other: &Source| other.shown().eq_ignore_ascii_case(source.shown());
            if !source.shown().is_empty() && earlier.iter().any(same) {
                let message = format!(
                    "two tables of this query are called `{}`: give them aliases",
                    source.shown()
                );
                self.misplaced += 1;
                self.problem(source.at.clone(), message);
            }
        }
    }
}

fn which(guard: &Guard, sources: &[Source]) -> Result<usize, String> {
    let known: Vec<_> = tables_of(sources).map(Source::shown).collect();
    let index = match (&guard.alias, known.as_slice()) {
        (Some(alias), known) => sources
            .iter()
            .position(|source| source.shown().eq_ignore_ascii_case(alias))
            .ok_or_else(|| match known {
                [] => format!("no table of this query is called `{alias}`"),
                known => format!(
                    "no table of this query is called `{alias}`; there is `{}`",
                    known.join("` and `")
                ),
            })?,
        (None, [one, other, ..]) => {
            return Err(format!(
                "which table? Write `{{tenant {one}}}` or `{{tenant {other}}}`"
            ));
        }
        (None, _) => sources
            .iter()
            .position(|source| source.tenant)
            .ok_or("there is no table of a tenant in this query")?,
    };
    match guard.joined {
        Some(joined) if joined != index => Err(
            "an ON clause can bind only the table that it joins; bind the others in the WHERE clause".to_owned(),
        ),
        _ => Ok(index),
    }
}

/// The tables that have to be bound.
fn tables_of(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.tenant)
}
