//! What is wrong with a model, a policy or a request.

/// Says what is wrong with a model, a policy or a request, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    line: Option<usize>,
    text: String,
}

impl PolicyError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            line: None,
            text: text.into(),
        }
    }

    /// Adds the line, unless a more exact one is known.
    pub(super) fn on(mut self, line: usize) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// Says what was being looked at.
    pub(super) fn of(mut self, what: &str) -> Self {
        self.text = format!("{what}: {}", self.text);
        self
    }

    /// Gives the line, counted from one, when the fault is in a text.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for PolicyError {}

/// Shortens what is quoted in an error: a text of the caller may be long.
pub(super) fn short(text: &str) -> String {
    const MAX: usize = 80;
    let mut short: String = text.chars().take(MAX).collect();
    if text.chars().nth(MAX).is_some() {
        short.push_str("...");
    }
    short
}
