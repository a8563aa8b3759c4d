//! A PKCS#11 token of one's own: SoftHSM2, with its files in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The label of the token.
const LABEL: &str = "doors";
/// Where distributions put the library.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// A token and the file with its PIN; removed in the end.
#[derive(Debug)]
pub struct Token {
    home: TempDir,
}

/// Whether SoftHSM2 is installed.
pub fn is_installed() -> bool {
    module().is_some()
}

impl Token {
    /// Makes a token that opens with this PIN.
    ///
    /// # Panics
    /// When SoftHSM2 is not installed.
    pub fn new(pin: &str) -> Self {
        let token = Self { home: tempfile::tempdir().unwrap() };
        let configuration = format!("directories.tokendir = {}\n", token.tokens().display());
        fs::write(token.configuration(), configuration).unwrap();
        token.make(pin);
        token.write_pin(pin);
        token
    }

    /// What the manager's commands need in their environment.
    ///
    /// # Panics
    /// When SoftHSM2 is not installed.
    pub fn variables(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        [
            ("SOFTHSM2_CONF", text(&self.configuration())),
            ("OSTIARY_PKCS11_MODULE", text(&module().unwrap())),
            ("OSTIARY_PKCS11_TOKEN", LABEL.to_owned()),
            ("OSTIARY_PIN_FILE", text(&self.pin_file())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Writes another PIN into the file that the manager reads.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write_pin(&self, pin: &str) {
        fs::write(self.pin_file(), format!("{pin}\n")).unwrap();
    }

    /// Takes the token away, as if it were unplugged.
    ///
    /// # Panics
    /// When it is away already.
    pub fn take_away(&self) {
        fs::rename(self.tokens(), self.away()).unwrap();
    }

    /// Brings the token back, in place of whichever is there.
    ///
    /// # Panics
    /// When it is not away.
    pub fn bring_back(&self) {
        let _nothing_there = fs::remove_dir_all(self.tokens());
        fs::rename(self.away(), self.tokens()).unwrap();
    }

    /// Puts an empty token of the same label and with this PIN in its place while it is away.
    ///
    /// # Panics
    /// When it is not away.
    pub fn replace(&self, pin: &str) {
        self.make(pin);
    }

    /// Deletes every key in the token.
    ///
    /// # Panics
    /// When there is none.
    pub fn delete_keys(&self) {
        let mut deleted = 0;
        for token in fs::read_dir(self.tokens()).unwrap() {
            for file in fs::read_dir(token.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if name.ends_with(".object") && name != "token.object" {
                    fs::remove_file(&path).unwrap();
                    deleted += 1;
                }
            }
        }
        assert!(deleted > 0, "the token has no keys");
    }

    fn make(&self, pin: &str) {
        fs::create_dir(self.tokens()).unwrap();
        let arguments = ["--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", pin];
        let mut command = Command::new("softhsm2-util");
        let output = command.args(arguments).env("SOFTHSM2_CONF", self.configuration()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn tokens(&self) -> PathBuf {
        self.home.path().join("tokens")
    }

    fn away(&self) -> PathBuf {
        self.home.path().join("away")
    }

    fn configuration(&self) -> PathBuf {
        self.home.path().join("softhsm2.conf")
    }

    fn pin_file(&self) -> PathBuf {
        self.home.path().join("pin")
    }
}

fn module() -> Option<PathBuf> {
    MODULES.iter().map(PathBuf::from).find(|path| path.exists())
}
