//! Answers with the members that the caller asked for, and no others.

use std::collections::BTreeSet;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Uri, header::LINK, request::Parts, uri::PathAndQuery};
use serde::Serialize;
use serde_json::Value;

use super::Json;
use crate::{Code, Page, Problem};

/// How many members may be named.
const MAX_NAMES: usize = 64;

/// Takes `?fields=id,name` out of the query string, and whatever else a handler reads there from the rest.
///
/// ```
/// use axum::response::Response;
/// use saas_core::{Problem, edge::{Fields, Query}};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Options {}
///
/// #[derive(Serialize)]
/// struct Note {
///     id: u32,
///     text: String,
/// }
///
/// async fn show(fields: Fields<Query<Options>>) -> Result<Response, Problem> {
///     fields.of(Note { id: 1, text: "long".to_owned() })
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Fields<Q> {
    /// What the rest of the query string says.
    pub rest: Q,
    wanted: Option<BTreeSet<String>>,
    /// The query string without a cursor. The path is the client's: what it asked for may have had a prefix.
    list: String,
}

impl<Q> Fields<Q> {
    /// Answers with what was asked for of one thing, or with all of it.
    ///
    /// # Errors
    ///
    /// `query-invalid` when the thing has no member of such a name; write one that may be missing as `null`.
    pub fn of<T: Serialize>(&self, value: T) -> Result<Response, Problem> {
        match &self.wanted {
            None => Ok(Json(value).into_response()),
            Some(wanted) => Ok(Json(reduced(written(&value)?, wanted)?).into_response()),
        }
    }

    /// Answers with what was asked for of each item of a page, or with all of it. The cursors stay, and `Link` has the
    /// addresses of the pages beside it (RFC 8288).
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_each<T: Serialize>(&self, page: Page<T>) -> Result<Response, Problem> {
        let links = [("next", &page.next), ("prev", &page.prev)];
        let links: Vec<String> = links
            .into_iter()
            .filter_map(|(relation, cursor)| Some(self.link(relation, cursor.as_ref()?)))
            .collect();
        let mut response = match &self.wanted {
            None => Json(page).into_response(),
            Some(wanted) => {
                let Page { items, next, prev } = page;
                let items = items.iter().map(|item| reduced(written(item)?, wanted));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                Json(Page { items, next, prev }).into_response()
            }
        };
        if !links.is_empty()
            && let Ok(value) = HeaderValue::try_from(links.join(", "))
        {
            response.headers_mut().insert(LINK, value);
        }
        Ok(response)
    }

    /// Gives the address of a page beside this one.
    fn link(&self, relation: &str, cursor: &str) -> String {
        let list = &self.list;
        format!("<{list}after={cursor}>; rel=\"{relation}\"")
    }
}

impl<S: Sync, Q: FromRequestParts<S>> FromRequestParts<S> for Fields<Q>
where
    Q::Rejection: Into<Problem>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let whole = parts.uri.clone();
        let query = whole.query().unwrap_or_default();
        let (named, rest): (Vec<_>, Vec<_>) = query
            .split('&')
            .partition(|pair| *pair == "fields" || pair.starts_with("fields="));
        let wanted = match named.as_slice() {
            [] => None,
            [one] => Some(names(one.strip_prefix("fields=").unwrap_or_default())?),
            _ => return Err(invalid("is given twice")),
        };
        if wanted.is_some() {
            parts.uri = with_query(&whole, &rest.join("&"))?;
        }
        let read = Q::from_request_parts(parts, state).await;
        parts.uri = whole.clone();
        let rest = read.map_err(Into::into)?;
        let list = query
            .split('&')
            .filter(|pair| !pair.is_empty() && *pair != "after" && !pair.starts_with("after="));
        let list = list.fold("?".to_owned(), |list, pair| format!("{list}{pair}&"));
        Ok(Self { rest, wanted, list })
    }
}

/// Reads names with commas in between, which may be encoded.
fn names(text: &str) -> Result<BTreeSet<String>, Problem> {
    let text = text.replace("%2C", ",").replace("%2c", ",");
    let names: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
    let is_name = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    match names {
        names if names.len() > MAX_NAMES => Err(invalid("names more than 64 members")),
        names if names.iter().all(is_name) => Ok(names),
        _ => Err(invalid("has to be names of members with commas in between")),
    }
}

fn with_query(uri: &Uri, query: &str) -> Result<Uri, Problem> {
    let target = match query {
        "" => uri.path().to_owned(),
        query => format!("{}?{query}", uri.path()),
    };
    let mut parts = uri.clone().into_parts();
    let target = target.parse::<PathAndQuery>();
    parts.path_and_query = Some(target.map_err(|_| Problem::new(Code::BAD_REQUEST))?);
    Uri::from_parts(parts).map_err(|_| Problem::new(Code::BAD_REQUEST))
}

fn written<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Problem::new(Code::INTERNAL)
    })
}

fn reduced(value: Value, wanted: &BTreeSet<String>) -> Result<Value, Problem> {
    let Value::Object(mut members) = value else {
        return Ok(value);
    };
    if let Some(unknown) = wanted.iter().find(|name| !members.contains_key(*name)) {
        return Err(invalid(&format!("names `{unknown}`, which there is not")));
    }
    members.retain(|name, _| wanted.contains(name));
    Ok(Value::Object(members))
}

fn invalid(message: &str) -> Problem {
    Problem::new(Code::QUERY_INVALID).field("fields", message)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::BodyExt as _;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::edge::Query;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Options {
        limit: Option<u32>,
        after: Option<String>,
    }

    async fn ask(query: &str) -> Result<Value, Code> {
        let request = Request::get(format!("/notes{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let fields = Fields::<Query<Options>>::from_request_parts(&mut parts, &()).await;
        let fields = fields.map_err(|problem| problem.code())?;
        assert_eq!(parts.uri.to_string(), format!("/notes{query}"));
        if query.contains("limit") {
            assert_eq!(fields.rest.0.limit, Some(5));
        }
        assert_eq!(fields.rest.0.after.is_some(), query.contains("after"));
        let items = vec![json!({"id": 1, "name": "one", "text": null})];
        let page = Page {
            items,
            next: Some("cursor".to_owned()),
            prev: None,
        };
        let response = fields.of_each(page).map_err(|problem| problem.code())?;
        let others = query.trim_start_matches('?').replace("after=x", "");
        let link = response.headers()["link"]
            .to_str()
            .unwrap()
            .replace('&', "");
        assert_eq!(
            link,
            format!("<?{others}after=cursor>; rel=\"next\"").replace('&', "")
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let page: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(page["next"], "cursor");
        Ok(page["items"][0].clone())
    }

    #[tokio::test]
    async fn an_answer_has_what_was_asked_for() {
        let all = json!({"id": 1, "name": "one", "text": null});
        assert_eq!(ask("").await, Ok(all));
        let some = json!({"id": 1, "text": null});
        for query in [
            "?fields=id,text",
            "?fields=text%2Cid",
            "?limit=5&fields=id,text,id",
        ] {
            assert_eq!(ask(query).await.as_ref(), Ok(&some), "{query}");
        }
        let many = format!(
            "?fields={}",
            (0..65).map(|n| format!("a{n},")).collect::<String>()
        );
        for query in [
            "?fields=",
            "?fields",
            "?fields=id,",
            "?fields=id&fields=name",
            "?fields=secret",
            "?fields=id%00",
            "?fields=id&other=1",
            &many,
        ] {
            assert_eq!(ask(query).await, Err(Code::QUERY_INVALID), "{query}");
        }
    }
}
