//! One element of a mobile driving licence presented with the crate isomdl (ISO/IEC 18013-5).

mod issuer;

use isomdl::cbor;
use isomdl::definitions::SessionEstablishment;
use isomdl::definitions::device_request::{DataElements, Namespaces};
use isomdl::definitions::x509::trust_anchor::TrustAnchorRegistry;
use isomdl::presentation::authentication::AuthenticationStatus;
use isomdl::presentation::device::{Documents, SessionManagerInit};
use isomdl::presentation::reader::SessionManager;
use isomdl_p256::ecdsa::signature::Signer;
use isomdl_p256::ecdsa::{Signature, SigningKey};

use crate::harness::{Bench, Row, timed};

const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
const NAMESPACE: &str = "org.iso.18013.5.1";
const ELEMENT: &str = "age_over_21";

/// One row; returns a line for the foot of the table.
pub(crate) fn add_to(bench: &mut Bench) -> String {
    let (licence, anchors, device_key) = issuer::licence();
    let documents = Documents::new(DOC_TYPE.into(), licence.into());
    let row = Row::new("mdoc", "mdoc presentation of one element (isomdl), both sides")
        .against("aws-lc/full/first");
    bench.case(vec![row], move |row| {
        let (documents, anchors) = (documents.clone(), anchors.clone());
        row[0] = timed(|| present(documents, anchors, &device_key)).1;
    });
    "isomdl: engagement by QR text, session establishment, request and response of one element of two, \
     issuer and device authentication against a trust anchor, on its own RustCrypto versions; \
     the reader is not authenticated, because its session cannot send reader authentication."
        .to_owned()
}

fn present(documents: Documents, anchors: TrustAnchorRegistry, device_key: &SigningKey) {
    let init = SessionManagerInit::initialise(documents, None, None).unwrap();
    let (engaged, qr) = init.qr_engagement().unwrap();

    let elements = DataElements::new(ELEMENT.into(), false);
    let wanted = Namespaces::new(NAMESPACE.into(), elements);
    let (mut reader, request, _) = SessionManager::establish_session(qr, wanted, anchors).unwrap();

    let establishment: SessionEstablishment = cbor::from_slice(&request).unwrap();
    let (mut device, asked) =
        engaged.process_session_establishment(establishment, Default::default()).unwrap();
    let permitted = [(NAMESPACE.to_owned(), vec![ELEMENT.to_owned()])].into();
    device.prepare_response(&asked.items_request, [(DOC_TYPE.to_owned(), permitted)].into());
    let (_, payload) = device.get_next_signature_payload().unwrap();
    let signature: Signature = device_key.sign(payload);
    device.submit_next_signature(signature.to_vec()).unwrap();
    let response = device.retrieve_response().unwrap();

    let judged = reader.handle_response(&response);
    assert!(judged.errors.is_empty(), "{:?}", judged.errors);
    assert_eq!(judged.issuer_authentication, AuthenticationStatus::Valid);
    assert_eq!(judged.device_authentication, AuthenticationStatus::Valid);
}
