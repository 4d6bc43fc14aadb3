//! Who calls whom with which name, in one crate: enough to follow a name to where it stands.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, Expr, ExprCall, ExprMethodCall, FnArg, ImplItem, ImplItemFn, ItemFn, ItemImpl,
    ItemMod, Lit, LitStr, Local, Macro, Pat, Signature, Token,
    punctuated::Punctuated,
    visit_mut::{self, VisitMut},
};

/// Where a name comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// It stands there; of several, each may be meant.
    Said(BTreeSet<String>),
    /// It is given to this function, in this place.
    Given(String, usize),
    /// It is what this function gives.
    Asked(String),
    Unknown,
}

/// The calls of a crate.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// The file that is looked at.
    pub(super) file: String,
    /// Where events are made, and where their names come from.
    pub(super) audited: Vec<(String, Origin)>,
    /// By the name of what is called: in which file, with what.
    called: BTreeMap<String, Vec<(String, Vec<Origin>)>>,
    /// The names that stand in a function.
    stands: BTreeMap<String, BTreeSet<String>>,
    /// The functions around, with their parameters and what they have by a name.
    around: Vec<(String, Vec<(String, Origin)>)>,
}

impl Calls {
    /// Gives the names that can be meant, each with its file.
    pub(super) fn names(
        &self,
        origin: &Origin,
        file: &str,
        seen: &mut BTreeSet<(String, usize)>,
    ) -> BTreeSet<(String, String)> {
        let here = |names: &BTreeSet<String>| {
            let names = names.iter().cloned();
            names.map(|name| (name, file.to_owned())).collect()
        };
        match origin {
            Origin::Said(names) => here(names),
            Origin::Asked(function) => self.stands.get(function).map(here).unwrap_or_default(),
            Origin::Given(function, place) if seen.insert((function.clone(), *place)) => {
                let called = self.called.get(function).into_iter().flatten();
                let given = called.filter_map(|(file, with)| Some((file, with.get(*place)?)));
                given
                    .flat_map(|(file, origin)| self.names(origin, file, seen))
                    .collect()
            }
            Origin::Given(..) | Origin::Unknown => BTreeSet::new(),
        }
    }

    fn call(&mut self, name: String, arguments: &Punctuated<Expr, Token![,]>) {
        let known = self.around.last().map_or(&[][..], |(_, known)| known);
        let with = arguments.iter().map(|one| Origin::of(one, known)).collect();
        self.called
            .entry(name)
            .or_default()
            .push((self.file.clone(), with));
    }

    fn function(&mut self, signature: &Signature, within: impl FnOnce(&mut Self)) {
        let name = signature.ident.to_string();
        let inputs = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => Some(&*input.pat),
            FnArg::Receiver(_) => None,
        });
        let known = inputs
            .enumerate()
            .filter_map(|(place, pattern)| match pattern {
                Pat::Ident(input) => {
                    Some((input.ident.to_string(), Origin::Given(name.clone(), place)))
                }
                _ => None,
            });
        self.around.push((name.clone(), known.collect()));
        within(self);
        self.around.pop();
    }
}

impl Origin {
    /// Tells where an expression has a name from, where these are known.
    pub(super) fn of(expression: &Expr, known: &[(String, Self)]) -> Self {
        let mut said = Said::default();
        match expression {
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                let mut known = known.iter().rev();
                let found = known.find(|(known, _)| Some(known) == name.as_ref());
                return found.map_or(Self::Unknown, |(_, origin)| origin.clone());
            }
            Expr::MethodCall(call) if call.args.is_empty() => {
                return Self::Asked(call.method.to_string());
            }
            Expr::Lit(_) | Expr::If(_) | Expr::Match(_) => {
                said.visit_expr_mut(&mut expression.clone());
            }
            _ => {}
        }
        match said.0.is_empty() {
            true => Self::Unknown,
            false => Self::Said(said.0),
        }
    }
}

impl VisitMut for Calls {
    fn visit_item_mod_mut(&mut self, item: &mut ItemMod) {
        let test = |one: &Attribute| {
            one.path().is_ident("cfg")
                && one
                    .parse_args::<syn::Path>()
                    .is_ok_and(|path| path.is_ident("test"))
        };
        if !item.attrs.iter().any(test) {
            visit_mut::visit_item_mod_mut(self, item);
        }
    }

    fn visit_item_fn_mut(&mut self, item: &mut ItemFn) {
        let signature = item.sig.clone();
        self.function(&signature, |calls| {
            visit_mut::visit_item_fn_mut(calls, item)
        });
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut ImplItemFn) {
        let signature = item.sig.clone();
        self.function(&signature, |calls| {
            visit_mut::visit_impl_item_fn_mut(calls, item)
        });
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        visit_mut::visit_local_mut(self, local);
        if let (Pat::Ident(name), Some(init), Some((_, known))) =
            (&local.pat, &local.init, self.around.last_mut())
        {
            let origin = Origin::of(&init.expr, known);
            known.push((name.ident.to_string(), origin));
        }
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let mut names = path.path.segments.iter().rev();
            let names = (names.next(), names.next());
            if let (Some(name), of) = names {
                if name.ident == "new" && of.is_some_and(|of| of.ident == "AuditEvent") {
                    let known = self.around.last().map_or(&[][..], |(_, known)| known);
                    let first = call.args.first();
                    let origin = first.map_or(Origin::Unknown, |one| Origin::of(one, known));
                    self.audited.push((self.file.clone(), origin));
                }
                self.call(name.ident.to_string(), &call.args);
            }
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        self.call(call.method.to_string(), &call.args);
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_macro_mut(&mut self, item: &mut Macro) {
        // What is given to `join!`, `vec!` and the like are expressions.
        let arguments = item.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for mut argument in arguments.into_iter().flatten() {
            self.visit_expr_mut(&mut argument);
        }
    }

    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        if let Some((function, _)) = self.around.last()
            && is_action(&text.value())
        {
            let stands = self.stands.entry(function.clone()).or_default();
            stands.insert(text.value());
        }
    }
}

/// The texts that can be names.
#[derive(Default)]
struct Said(BTreeSet<String>);

impl VisitMut for Said {
    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        if is_action(&text.value()) {
            self.0.insert(text.value());
        }
    }
}

/// Tells whether a text looks like `role.created`.
fn is_action(text: &str) -> bool {
    let word = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        !part.is_empty() && part.bytes().all(plain)
    };
    text.split_once('.')
        .is_some_and(|(of, what)| word(of) && word(what))
}

/// Gives the type and the text of `const KIND: … = "…"`.
pub(super) fn kind(item: &ItemImpl) -> Option<(String, String)> {
    let syn::Type::Path(of) = &*item.self_ty else {
        return None;
    };
    let of = of.path.segments.last()?.ident.to_string();
    item.items.iter().find_map(|item| match item {
        ImplItem::Const(item) if item.ident == "KIND" => match &item.expr {
            Expr::Lit(text) => match &text.lit {
                Lit::Str(text) => Some((of.clone(), text.value())),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
