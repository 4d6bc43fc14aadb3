//! A probe under way.

use std::{collections::BTreeSet, convert::Infallible};

use axum::{body::Body, response::Response};
use http::{Method, Request};
use serde_json::Value;
use tower::Service;

use super::{
    LeakReport, MAX_VALUES, ProbeTenant,
    compare::{Answer, Send, Token},
    document::{Call, Document, Operation, Parameter, Place},
    harvest::Harvest,
    sample,
};

/// A probe under way.
pub(super) struct Run<S> {
    send: Send<S>,
    document: Document,
    report: LeakReport,
    caller: ProbeTenant,
    victim: ProbeTenant,
    excused: BTreeSet<String>,
    /// What was sent. A second time it would meet what the first has written.
    sent: BTreeSet<String>,
    /// Names of the victim's under which the caller has written something of its own.
    callers: BTreeSet<String>,
}

/// How far a parameter came with the victim's values.
#[derive(Default)]
struct Tried {
    reached: bool,
    /// Whether a value was left out, because the caller has written under it.
    left_out: bool,
    /// The last call that was refused for its form.
    refused: Option<String>,
}

impl Tried {
    /// Says why the parameter was not tried, if it was not.
    fn why_not(self) -> Option<String> {
        match self.refused {
            _ if self.reached => None,
            Some(refused) => Some(format!(
                "every request for it was refused for its form: {refused}"
            )),
            None if self.left_out => {
                Some("the caller has written under every value of the victim by now".to_owned())
            }
            None => None,
        }
    }
}

impl<S> Run<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    pub(super) fn new(
        service: S,
        document: Document,
        [caller, victim]: [ProbeTenant; 2],
        excused: BTreeSet<String>,
    ) -> Self {
        Self {
            send: Send::new(service),
            document,
            report: LeakReport::default(),
            caller,
            victim,
            excused,
            sent: BTreeSet::new(),
            callers: BTreeSet::new(),
        }
    }

    /// Tries everything.
    pub(super) async fn finish(mut self) -> LeakReport {
        let mine = Harvest::gather(&mut self.send, &self.document, &self.caller).await;
        assert!(
            !mine.is_nobodys(),
            "the token of the caller is good for nothing"
        );
        let before = Harvest::gather(&mut self.send, &self.document, &self.victim).await;
        let theirs = before.without(&mine);
        assert!(
            !theirs.is_empty(),
            "the victim can read nothing that the caller does not know as well: give it data, a member who may read, and the \
             headers that the service asks for; its reading was answered: {}",
            before.outcome()
        );
        for operation in self.document.operations.clone() {
            self.parameters(&operation, &mine, &theirs).await;
            self.body(&operation, &mine, &theirs).await;
            self.markers(&operation, &mine, &theirs).await;
        }
        let after = Harvest::gather(&mut self.send, &self.document, &self.victim).await;
        for address in before.changed(&after) {
            let why = "what the victim reads here has changed";
            self.report.add(&address, String::new(), None, why);
        }
        self.report.requests = self.send.count();
        self.report
    }

    /// Tries the victim's values in the path and in the query, one parameter after the other.
    async fn parameters(&mut self, operation: &Operation, mine: &Harvest, theirs: &Harvest) {
        let name = operation.to_string();
        for parameter in &operation.parameters {
            let values = theirs.values(&parameter.name, &parameter.schema);
            if values.is_empty() {
                if parameter.place == Place::Path && !self.excused.contains(&name) {
                    let why = format!("the victim has no value for `{}`", parameter.name);
                    self.report.unexercised.insert(name.clone(), why);
                }
                continue;
            }
            let mut tried = Tried::default();
            for value in values.into_iter().take(MAX_VALUES) {
                if self.is_callers(&value) {
                    tried.left_out = true;
                    continue;
                }
                for others in [theirs, mine] {
                    let Some(mut call) = operation.call(others) else {
                        continue;
                    };
                    call.set(parameter, &value);
                    call.expect(theirs);
                    self.value(operation, theirs, call, (parameter, &value), &mut tried)
                        .await;
                }
                if self.is_callers(&value) {
                    // Others are left for what else can be done with them.
                    break;
                }
            }
            let why = tried.why_not();
            if parameter.place == Place::Path
                && !self.excused.contains(&name)
                && let Some(why) = why
            {
                self.report.unexercised.insert(name.clone(), why);
            }
        }
    }

    /// Sends a call with a value of the victim, as the caller and as nobody.
    async fn value(
        &mut self,
        operation: &Operation,
        theirs: &Harvest,
        call: Call,
        (parameter, value): (&Parameter, &str),
        tried: &mut Tried,
    ) {
        if !self.sent.insert(call.to_string()) {
            return;
        }
        let unknown = sample::like(value);
        let mut control = call.clone();
        control.set(parameter, &unknown);
        let (calls, values) = ([call, control], [value, &*unknown]);
        let answer = self.pair(operation, theirs, &calls, values, Token::Own);
        let answer = answer.await;
        if answer.refuses_the_form() {
            tried.refused = Some(format!("{} was answered {answer}", calls[0]));
        } else {
            tried.reached = true;
        }
        let in_path = parameter.place == Place::Path && !sample::is_id(value);
        let writes = !operation.method.is_safe() && operation.method != Method::DELETE;
        if in_path && writes && answer.status.is_success() {
            self.callers.insert(value.to_owned());
        }
        self.pair(operation, theirs, &calls, values, Token::None)
            .await;
    }

    /// Tells whether the caller has something of that name by now, in its own space, or something above or below it.
    fn is_callers(&self, value: &str) -> bool {
        let above = |one: &str, other: &str| {
            other
                .strip_prefix(one)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut own = self.callers.iter();
        own.any(|own| above(own, value) || above(value, own))
    }

    /// Tries the victim's ids in the body, and its tenant where no tenant belongs.
    async fn body(&mut self, operation: &Operation, mine: &Harvest, theirs: &Harvest) {
        let Some(call) = operation.call(mine) else {
            return;
        };
        let Some(body) = call.body.clone() else {
            return;
        };
        for pointer in sample::places(&body) {
            let Some(known) = body.pointer(&pointer).and_then(Value::as_str) else {
                continue;
            };
            for value in theirs.alike(known).into_iter().take(MAX_VALUES) {
                let unknown = sample::like(&value);
                let calls = [&value, &unknown].map(|value| {
                    let mut call = call.clone();
                    if let Some(place) = call
                        .body
                        .as_mut()
                        .and_then(|body| body.pointer_mut(&pointer))
                    {
                        *place = Value::from(value.as_str());
                    }
                    call
                });
                self.pair(operation, theirs, &calls, [&value, &unknown], Token::Own)
                    .await;
            }
        }
        for tenant in theirs.tenants().into_iter().take(MAX_VALUES) {
            let mut call = call.clone();
            if let Some(body) = call.body.as_mut().and_then(Value::as_object_mut) {
                body.insert("tenant_id".to_owned(), Value::from(tenant.as_str()));
                let answer = self.send.call(&call, &self.caller, Token::Own, &[]);
                let answer = answer.await;
                self.look(operation, theirs, &call.to_string(), &answer, &[&tenant]);
            }
        }
    }

    /// Calls with the caller's token and whatever else names the victim.
    async fn markers(&mut self, operation: &Operation, mine: &Harvest, theirs: &Harvest) {
        for values in [mine, theirs] {
            let Some(call) = operation.call(values) else {
                continue;
            };
            for marker in self.victim.markers.clone() {
                let token = match operation.secured {
                    true => Token::Own,
                    false => Token::None,
                };
                let markers = std::slice::from_ref(&marker);
                let answer = self.send.call(&call, &self.caller, token, markers).await;
                let sent = format!("{call} with {}: {}", marker.0, marker.1);
                let mut known = call.sent();
                known.push(marker.1);
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.look(operation, theirs, &sent, &answer, &known);
                if operation.secured && answer.status.is_success() {
                    let why = "the token of one tenant is good at the address of another";
                    self.report
                        .add(&operation.to_string(), sent, Some(&answer), why);
                }
            }
        }
    }

    /// Sends a call with a foreign value and one with a value that nobody has, and compares.
    async fn pair(
        &mut self,
        operation: &Operation,
        theirs: &Harvest,
        calls: &[Call; 2],
        values: [&str; 2],
        token: Token,
    ) -> Answer {
        let [foreign, unknown] = calls;
        let answer = self.send.call(foreign, &self.caller, token, &[]).await;
        let control = self.send.call(unknown, &self.caller, token, &[]).await;
        let sent = match token {
            Token::Own => foreign.to_string(),
            Token::None => format!("{foreign} without a token"),
        };
        let known = foreign.sent();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.look(operation, theirs, &sent, &answer, &known);
        let [own, _] = values;
        let in_path = foreign.path_holds(own);
        if let Some(difference) = answer.differs(&control, values, in_path) {
            let why = format!("the answer to a value that nobody has differs: {difference}");
            self.report
                .add(&operation.to_string(), sent, Some(&answer), &why);
        }
        answer
    }

    /// Looks for what the answer may not hold.
    fn look(
        &mut self,
        operation: &Operation,
        theirs: &Harvest,
        sent: &str,
        answer: &Answer,
        known: &[&str],
    ) {
        let canaries = self.victim.canaries.iter().map(String::as_str);
        let ids = theirs.ids();
        let mut secrets = canaries.chain(ids.iter().map(String::as_str));
        let found = secrets.find(|secret| {
            answer.contains(secret) && !known.iter().any(|known| known.contains(secret))
        });
        if let Some(secret) = found {
            let why = format!("the answer holds `{secret}`, which only the victim knows");
            self.report
                .add(&operation.to_string(), sent.to_owned(), Some(answer), &why);
        }
        if answer.status.is_server_error() {
            let why = "the service failed";
            self.report
                .add(&operation.to_string(), sent.to_owned(), Some(answer), why);
        }
    }
}
