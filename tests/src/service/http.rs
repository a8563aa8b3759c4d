//! A lean client: HTTP/1.1 on one connection that is kept, no more than a test needs.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// For how long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, ready to be written.
#[derive(Clone, Debug)]
pub struct Request {
    octets: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A connection to one address, made when it is needed.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Request {
    /// A GET, with an API token if there is one.
    pub fn get(path: &str, token: Option<&str>) -> Self {
        Self::new("GET", path, token, None)
    }

    /// A POST of JSON.
    pub fn post(path: &str, token: Option<&str>, body: &Value) -> Self {
        Self::new("POST", path, token, Some(("application/json", body.to_string().as_bytes())))
    }

    /// A POST of a CSV file.
    pub fn csv(path: &str, token: &str, body: &str) -> Self {
        Self::new("POST", path, Some(token), Some(("text/csv", body.as_bytes())))
    }

    /// Invites a user.
    pub fn invite(user: &str, token: &str) -> Self {
        Self::post(&format!("/v1/users/{user}/invitations"), Some(token), &json!({}))
    }

    /// A DELETE.
    pub fn delete(path: &str, token: &str) -> Self {
        Self::new("DELETE", path, Some(token), None)
    }

    fn new(method: &str, path: &str, token: Option<&str>, body: Option<(&str, &[u8])>) -> Self {
        let mut octets = format!("{method} {path} HTTP/1.1\r\nhost: loopback\r\n").into_bytes();
        if let Some(token) = token {
            octets.extend(format!("authorization: Bearer {token}\r\n").bytes());
        }
        if let Some((kind, body)) = body {
            octets.extend(format!("content-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len()).bytes());
            octets.extend(body);
        } else {
            octets.extend(b"\r\n");
        }
        Self { octets }
    }

    /// What is written.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The body for people.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON if the status is this.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// Whether it is the problem of this code.
    pub fn is_problem(&self, code: &str) -> bool {
        self.status >= 400 && self.json()["code"] == code
    }
}

impl Client {
    /// A client that has not connected yet.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request once and reads the answer; after a failure the next request gets a new connection.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionRefused`] when nothing was sent; any other when the answer did not come.
    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.address)?,
        };
        connection.get_mut().write_all(&request.octets)?;
        let answer = read_answer(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).map_err(|_| ErrorKind::ConnectionRefused)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Reads one answer whose length is told.
///
/// # Errors
/// When the connection ends before the answer does, or brings what is not an answer.
pub fn read_answer(stream: &mut impl BufRead) -> io::Result<Answer> {
    let mut line = String::new();
    read_line(stream, &mut line)?;
    let status =
        line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let mut length = 0;
    loop {
        read_line(stream, &mut line)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or(ErrorKind::InvalidData)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| ErrorKind::InvalidData)?;
        }
        assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "an answer of unknown length");
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Answer { status, body })
}

fn read_line(stream: &mut impl BufRead, line: &mut String) -> io::Result<()> {
    line.clear();
    if stream.read_line(line)? == 0 || !line.ends_with("\r\n") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.len() - 2);
    Ok(())
}
