//! A form with files.

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Signed, Wanted, origin, signed};
use crate::page::failure::Failure;
use crate::page::fields::Fields;
use crate::page::site::Page;

/// [`Signed`], with a form that this page showed and that brought files.
pub(in crate::page) struct Uploaded<N> {
    signed: Signed<N>,
    /// The other fields.
    pub(in crate::page) fields: Fields,
    /// The octets of the files, by the names of their fields.
    files: Vec<(String, Vec<u8>)>,
}

impl<N> Uploaded<N> {
    /// The octets of the last file of a field; none where nobody chose one.
    pub(in crate::page) fn take_file(&mut self, name: &str) -> Option<Vec<u8>> {
        let place = self.files.iter().rposition(|(of, octets)| of == name && !octets.is_empty())?;
        Some(self.files.swap_remove(place).1)
    }
}

impl<N> std::ops::Deref for Uploaded<N> {
    type Target = Signed<N>;

    fn deref(&self) -> &Signed<N> {
        &self.signed
    }
}

impl<N: Wanted> FromRequest<Page> for Uploaded<N> {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        if !origin::is_ours(&parts) {
            return Err(Failure::forged().into_response());
        }
        // Who may not do it does not send octets either.
        let signed: Signed<N> = signed(&mut parts, page).await?;
        let read = read(Request::from_parts(parts, body), page).await;
        let (fields, files) = read.map_err(IntoResponse::into_response)?;
        if !origin::is_shown(None, &fields, &signed.frame.form_token) {
            return Err(Failure::forged().into_response());
        }
        Ok(Self { signed, fields, files })
    }
}

/// The fields, and the octets of the files.
async fn read(request: Request, page: &Page) -> Result<(Fields, Vec<(String, Vec<u8>)>), Failure> {
    let mut form = Multipart::from_request(request, page)
        .await
        .map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()))?;
    let (mut fields, mut files) = (Fields::default(), Vec::new());
    let broken =
        |error: axum::extract::multipart::MultipartError| Failure::new(error.status(), error.body_text());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() {
            files.push((name, field.bytes().await.map_err(broken)?.into()));
        } else {
            let value = field.bytes().await.map_err(broken)?;
            let value = String::from_utf8(value.into())
                .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "The form is not UTF-8."))?;
            fields = fields.replacing(&name, &value);
        }
    }
    Ok((fields, files))
}
