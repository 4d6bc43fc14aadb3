//! What the rules that match amount to.

use crate::casbin::{PolicyError, error::short};

/// One of the effects that Casbin knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::casbin) enum Effect {
    /// A rule allows.
    AllowOverride,
    /// No rule denies.
    DenyOverride,
    /// A rule allows and none denies.
    AllowAndDeny,
    /// The first rule that matches decides.
    Priority,
    /// The same, the rules of the most distant subject in the hierarchy first.
    SubjectPriority,
}

const ALL: [Effect; 5] = [
    Effect::AllowOverride,
    Effect::DenyOverride,
    Effect::AllowAndDeny,
    Effect::Priority,
    Effect::SubjectPriority,
];

impl Effect {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let wanted = squeezed(&text.replace("p_eft", "p.eft"));
        ALL.into_iter()
            .find(|effect| squeezed(&effect.text()) == wanted)
            .ok_or_else(|| {
                let known: Vec<_> = ALL
                    .iter()
                    .map(|effect| format!("`{}`", effect.text()))
                    .collect();
                let (text, known) = (short(text), known.join(", "));
                PolicyError::new(format!("the effect `{text}` is none of {known}"))
            })
    }

    fn text(self) -> String {
        let text = match self {
            Self::SubjectPriority => "subjectPriority(p_eft) || deny",
            other => other.casbin(),
        };
        text.replace("p_eft", "p.eft")
    }

    /// Gives the text as casbin compares it. The rules are sorted for it beforehand.
    pub(in crate::casbin) fn casbin(self) -> &'static str {
        match self {
            Self::AllowOverride => "some(where (p_eft == allow))",
            Self::DenyOverride => "!some(where (p_eft == deny))",
            Self::AllowAndDeny => "some(where (p_eft == allow)) && !some(where (p_eft == deny))",
            Self::Priority | Self::SubjectPriority => "priority(p_eft) || deny",
        }
    }
}
