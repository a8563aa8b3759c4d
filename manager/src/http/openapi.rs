//! The description of the API (OpenAPI 3.1), gathered from the routes.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Api;
use super::problem::Document;

/// The name of the way in which administrators prove who they are.
const TOKEN: &str = "token";
const PROBLEM: &str = "application/problem+json";
const INTRODUCTION: &str = "Users, invitations, phones and readers of one project.\n\n\
    Administrators come with an API token whose scopes are named at each operation; phones prove their keys.\n\
    Every error is a problem document (RFC 9457) with a stable `code`.\n\
    Times are Unix seconds; octets are base64url without padding.";

/// The description as it is served.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = complete(super::described().into_openapi());
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    name_formats(&mut document);
    serde_json::to_string_pretty(&document).unwrap_or_default()
});

/// The description of the API as JSON: OpenAPI 3.1.
pub fn openapi_document() -> &'static str {
    &DOCUMENT
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(show))
}

/// A description without operations.
pub(super) fn empty() -> OpenApi {
    let description =
        "An API token: `ostiary_` and 43 characters. `manager token add` makes one and shows it once.";
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
    let mut components = Components::new();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(token));
    let info = InfoBuilder::new()
        .title("Ostiary manager")
        .description(Some(INTRODUCTION))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(utoipa::openapi::License::new("MIT OR Apache-2.0")));
    OpenApiBuilder::new().info(info.build()).components(Some(components)).build()
}

/// Shows this description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "Service", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_document()).into_response()
}

/// Adds what holds for every operation, so that no route has to say it, and the form of every problem.
fn complete(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        if let Some(operation) = item.post.as_mut().filter(|operation| is_for_administrators(operation)) {
            add_idempotency_key(operation);
        }
    }
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add_common_problems(operation);
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response
                && (status.starts_with('4') || status.starts_with('5'))
            {
                let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                response.content.entry(PROBLEM.to_owned()).or_insert_with(|| problem.into());
                add_headers(status, response);
            }
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), Document::schema());
    let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
    Document::schemas(&mut parts);
    components.schemas.extend(parts);
    document
}

/// Gives numbers without a sign the names that the registry of formats has for them.
fn name_formats(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(format)) = members.get_mut("format")
                && let Some(bits) = format.strip_prefix("u-int")
            {
                *format = format!("uint{bits}");
            }
            members.values_mut().for_each(name_formats);
        }
        Value::Array(values) => values.iter_mut().for_each(name_formats),
        _ => {}
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

fn add_common_problems(operation: &mut Operation) {
    let has = |place: &ParameterIn| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
    };
    let (has_path, has_query, has_body) =
        (has(&ParameterIn::Path), has(&ParameterIn::Query), operation.request_body.is_some());
    let takes_token = is_for_administrators(operation);
    let common = [
        (
            has_query || has_body,
            "400",
            "`request-invalid`: not of the form that is described here; `detail` says where",
        ),
        (takes_token, "401", "`unauthorized`: no token, or not one that is good"),
        (takes_token, "403", "`scope-missing`, `role-missing`"),
        (has_path, "404", "`not-found`: there is nothing at this address"),
        (true, "408", "`timeout`: the request did not arrive in time; repeat it"),
        (has_body, "413", "`body-too-large`"),
        (true, "429", "`too-many-requests`: from this address, without a good token"),
        (true, "500", "`internal`: the fault of the manager; repeat later, with growing pauses"),
        (
            true,
            "503",
            "`unavailable`: the database, or the token with the issuer key, cannot be used at the moment; repeat",
        ),
    ];
    for (_, status, description) in common.into_iter().filter(|(holds, ..)| *holds) {
        let response = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(response);
    }
}

/// A POST that is sent again with its key acts once.
fn add_idempotency_key(operation: &mut Operation) {
    let description = "A key that the sender chose for this request, 1 to 255 characters: sent again with the same key \
        within 24 hours, the request gets the same answer and does not act again";
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(key.pattern(Some("^[!-~]+$"))));
    operation.parameters.get_or_insert_default().push(parameter.build().into());
    let invalid = "`request-invalid`: not of the form that is described here; `detail` says where";
    let mut add = |status: &str, description: &str| {
        let response = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(response);
    };
    add("400", invalid);
    add("422", "`idempotency-key-reused`: the key was used for another request");
}

fn is_for_administrators(operation: &Operation) -> bool {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    security.as_array().is_some_and(|ways| ways.iter().any(|way| way.get(TOKEN).is_some()))
}

fn add_headers(status: &str, response: &mut utoipa::openapi::Response) {
    let (name, description) = match status {
        "401" => ("WWW-Authenticate", "`Bearer`"),
        "429" | "503" => ("Retry-After", "Seconds after which to try again"),
        _ => return,
    };
    let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some(description)).build();
    response.headers.entry(name.to_owned()).or_insert_with(|| header.into());
}
