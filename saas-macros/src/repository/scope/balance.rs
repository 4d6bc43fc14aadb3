//! Whether the tables of a query and its `{tenant}`s match.

use super::{Walk, condition::Guard, source::Source};

impl Walk {
    /// Compares the tables of a query with its `{tenant}`s. When some of either were refused already,
    /// what is missing is not reported again.
    pub(super) fn balance(&mut self, sources: &[Source], guards: &[Guard], misplaced: usize) {
        self.any_table |= sources.iter().any(|source| source.tenant);
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
        let several = sources.iter().filter(|source| source.tenant).count() > 1;
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
        let mut tables = sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.tenant);
        let found = match (&guard.alias, tables.next(), tables.next()) {
            (Some(alias), ..) => sources
                .iter()
                .position(|source| source.shown().eq_ignore_ascii_case(alias)),
            (None, Some((index, _)), None) => Some(index),
            (None, Some((_, one)), Some((_, other))) => {
                let message = format!(
                    "which table? Write `{{tenant {}}}` or `{{tenant {}}}`",
                    one.shown(),
                    other.shown()
                );
                self.misplaced += 1;
                self.problem(guard.at.clone(), message);
                return None;
            }
            (None, None, _) => None,
        };
        let Some(index) = found else {
            let message = match &guard.alias {
                Some(alias) => format!("no table of this query is called `{alias}`"),
                None => "there is no table of a tenant in this query".to_owned(),
            };
            self.problem(guard.at.clone(), message);
            return None;
        };
        if guard.joined.is_some_and(|joined| joined != index) {
            self.misplaced += 1;
            self.problem(
                guard.at.clone(),
                "an ON clause can bind only the table that it joins; bind the others in the WHERE clause",
            );
            return None;
        }
        Some(index)
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
