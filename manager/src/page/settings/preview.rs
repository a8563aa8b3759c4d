//! How a mail will look, in a frame of its own in which no script runs and nothing is fetched.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::texts::{named, typed};
use super::wrong;
use crate::acts::MailPreview;
use crate::error::Error;
use crate::http::access::need::SettingsRead;
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::finishing::Framed;
use crate::page::frame::{Frame, show};

#[derive(Template)]
#[template(path = "settings/preview.html")]
struct Shown {
    f: Frame,
    error: String,
    subject: String,
    plain: String,
    html: String,
}

/// With the text that the project has.
pub(super) async fn of_kept(
    Path(path): Path<(String, String)>,
    signed: Signed<SettingsRead>,
) -> Result<Response, crate::page::failure::Failure> {
    let (kind, language) = named(path)?;
    shown(signed.frame().clone(), signed.manager().preview_mail(kind, language, None).await)
}

/// With what stands in the form, which is not kept.
pub(super) async fn of_typed(Path(path): Path<(String, String)>, sent: Sent<SettingsRead>) -> Answer {
    let (kind, language) = named(path)?;
    let text = typed(&sent.fields);
    shown(sent.frame().clone(), sent.manager().try_mail_text(kind, language, &text, None).await)
}

fn shown(f: Frame, preview: Result<MailPreview, Error>) -> Answer {
    let page = match preview {
        Ok(MailPreview { subject, plain, html }) => Shown { f, error: String::new(), subject, plain, html },
        Err(error) => {
            let error = wrong(&f, error)?;
            Shown { f, error, subject: String::new(), plain: String::new(), html: String::new() }
        }
    };
    let mut response = show(&page)?;
    response.extensions_mut().insert(Framed);
    Ok(response)
}
