//! The socket: TLS, clients that take their time, and an end without broken requests.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use manager::{Limits, Manager, ServeOptions, Tls};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::Served;

/// A second socket of a manager, served with settings.
struct Socket {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Socket {
    async fn open(manager: &Manager, options: ServeOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let manager = manager.clone();
        let task = tokio::spawn(async move {
            let stopped = async {
                let _dropped = stopped.await;
            };
            manager.serve_with(listener, options, stopped).await
        });
        Self { address, stop, task }
    }

    async fn close(self) {
        let _gone = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = Client::new().get(format!("http://{}{path}", self.address)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

fn limited(change: impl FnOnce(&mut Limits)) -> ServeOptions {
    let mut limits = Limits::default();
    change(&mut limits);
    ServeOptions { limits, ..ServeOptions::default() }
}

/// Makes a certificate for loopback, writes it with its key, and returns it.
fn make_certificate(dir: &Path) -> Certificate {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(dir.join("certificate.pem"), made.cert.pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

async fn live_over_tls(address: SocketAddr, trusted: &Certificate) -> reqwest::Result<StatusCode> {
    let client =
        Client::builder().tls_certs_only([trusted.clone()]).resolve("localhost", address).build().unwrap();
    let url = format!("https://localhost:{}/health/live", address.port());
    Ok(client.get(url).send().await?.status())
}

#[tokio::test]
async fn tls_takes_a_renewed_certificate_without_a_restart() {
    let served = Served::start_working().await;
    let dir = tempfile::tempdir().unwrap();
    let first = make_certificate(dir.path());
    let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    let tls = Tls::from_files(&certificate, &key).unwrap();
    let socket =
        Socket::open(&served.manager, ServeOptions { tls: Some(tls), ..ServeOptions::default() }).await;
    assert_eq!(live_over_tls(socket.address, &first).await.unwrap(), StatusCode::OK);
    let second = make_certificate(dir.path());
    assert_eq!(live_over_tls(socket.address, &second).await.unwrap(), StatusCode::OK);
    assert!(live_over_tls(socket.address, &first).await.is_err());
    std::fs::write(&certificate, "no certificate").unwrap();
    assert_eq!(live_over_tls(socket.address, &second).await.unwrap(), StatusCode::OK);
    let error = Tls::from_files(&certificate, &key).unwrap_err().to_string();
    assert!(error.ends_with("certificate.pem has no certificate in PEM form"), "{error}");
    socket.close().await;
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_dropped() {
    let served = Served::start_working().await;
    let options = limited(|limits| limits.header_timeout = Duration::from_millis(50));
    let socket = Socket::open(&served.manager, options).await;
    let mut slow = TcpStream::connect(socket.address).await.unwrap();
    slow.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    // Closed, with or without a word.
    let closed = slow.read_to_end(&mut answer).await;
    assert!(closed.is_ok() || closed.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    socket.close().await;
    served.stop().await;
}

#[tokio::test]
async fn a_connection_over_the_limit_is_closed_and_a_freed_place_is_given_again() {
    let served = Served::start_working().await;
    let socket = Socket::open(&served.manager, limited(|limits| limits.connections = 1)).await;
    let mut first = TcpStream::connect(socket.address).await.unwrap();
    first.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut second = TcpStream::connect(socket.address).await.unwrap();
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0);
    first.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    first.read_to_end(&mut Vec::new()).await.unwrap();
    drop(first);
    loop {
        // The place is free once the server has seen the end of the first connection.
        let mut third = TcpStream::connect(socket.address).await.unwrap();
        let asked = third.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if asked.is_ok() && third.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 200");
            break;
        }
    }
    socket.close().await;
    served.stop().await;
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let served = Served::start_working().await;
    let socket = Socket::open(&served.manager, ServeOptions::default()).await;
    let mut client = TcpStream::connect(socket.address).await.unwrap();
    let head = format!("GET /health/live?{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1_000_000));
    // The server may close before it has all of it.
    let _sent = client.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _closed = client.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    socket.close().await;
    served.stop().await;
}

#[tokio::test]
async fn readiness_turns_off_before_the_service_stops() {
    let served = Served::start_working().await;
    let options = limited(|limits| limits.drain_delay = Duration::from_secs(3600));
    let Socket { address, stop, task } = Socket::open(&served.manager, options).await;
    let socket = Socket { address, stop: oneshot::channel().0, task };
    assert_eq!(socket.get("/health/ready").await.0, StatusCode::OK);
    stop.send(()).unwrap();
    loop {
        let (status, body) = socket.get("/health/ready").await;
        if status != StatusCode::OK {
            assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"not-ready".into()));
            assert_eq!(body["detail"], "the manager is stopping");
            break;
        }
    }
    assert_eq!(socket.get("/health/live").await.0, StatusCode::OK);
    socket.task.abort();
    served.stop().await;
}

#[tokio::test]
async fn every_answer_names_its_request_and_a_problem_names_the_same() {
    let served = Served::start_working().await;
    let answer = served.fetch("/nowhere").await;
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 24);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["instance"], format!("urn:ostiary:request:{id}"));
    let other = served.fetch("/health/live").await;
    assert_ne!(other.headers()["x-request-id"].to_str().unwrap(), id);
    served.stop().await;
}
