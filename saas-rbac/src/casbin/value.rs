//! The values of a request.

/// A value of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A text, which is what every value of a policy is.
    Text(String),
    /// A number. As in Casbin, every number is a float of 64 bits.
    Number(f64),
    /// A truth.
    Bool(bool),
    /// Attributes: `r.sub.age` is the member `age` of the object given for `sub`.
    Object(serde_json::Value),
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Bool(truth) => Self::Bool(truth),
            serde_json::Value::Number(number) => number
                .as_f64()
                .map_or(Self::Object(number.into()), Self::Number),
            other => Self::Object(other),
        }
    }
}

/// What a request is made of: texts, or values of any kind.
pub trait Attribute {
    /// Gives the text, if it is one.
    fn as_text(&self) -> Option<&str>;
    /// Gives the value.
    fn to_value(&self) -> Value;
}

impl Attribute for Value {
    fn as_text(&self) -> Option<&str> {
        self.text()
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl Attribute for &str {
    fn as_text(&self) -> Option<&str> {
        Some(self)
    }

    fn to_value(&self) -> Value {
        (*self).into()
    }
}

impl Attribute for String {
    fn as_text(&self) -> Option<&str> {
        Some(self)
    }

    fn to_value(&self) -> Value {
        self.clone().into()
    }
}
