//! The words of a tenant take its transaction: programs that leave it out do not compile.
//!
//! ```compile_fail,E0061
//! # use saas_mail::{TemplateSource, Templates};
//! # async fn example(templates: &Templates, source: &TemplateSource) {
//! // surface: Templates::set
//! templates.set("auth/reset-password", None, source).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_mail::Templates;
//! # async fn example(templates: &Templates) {
//! // surface: Templates::remove
//! templates.remove("auth/reset-password", None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_mail::Templates;
//! # async fn example(templates: &Templates) {
//! // surface: Templates::list
//! templates.list().await;
//! # }
//! ```
