// A whole app: one screen, a card session, and the keys in the Secure Enclave.
import CoreNFC
import Security
import SwiftUI

@main
struct DoorsApp: App {
    @StateObject private var doors = Doors()

    var body: some Scene {
        WindowGroup {
            DoorsView(doors: doors).onOpenURL { link in
                Task { await doors.activate(link.absoluteString) }
            }
        }
    }
}

struct DoorsView: View {
    @ObservedObject var doors: Doors

    var body: some View {
        List {
            ForEach(doors.cards, id: \.id) { card in
                VStack(alignment: .leading) {
                    Text(card.projectName).font(.headline)
                    Text("\(card.firstName) \(card.lastName)")
                }
            }
            if let message = doors.message { Text(message) }
            Button("Open a door") { Task { await doors.present() } }
        }
        .task { await doors.renewDue() }
    }
}

@MainActor
final class Doors: ObservableObject {
    @Published var cards: [Card] = []
    @Published var message: String?
    private var wallet: PhoneWallet?

    func activate(_ link: String) async {
        await attempt { _ = try await $0.activate(link: link) }
    }

    func renewDue() async {
        await attempt { _ = try await $0.renewDue() }
    }

    /// A card session: the phone answers readers until the session ends.
    func present() async {
        guard CardSession.isSupported, await CardSession.isEligible else {
            message = "This phone cannot be a card."
            return
        }
        await attempt { wallet in
            let tap = wallet.nfc(presence: Unlocked())
            let session = try await CardSession()
            for try await event in session.eventStream {
                switch event {
                case .sessionStarted:
                    try await session.startEmulation()
                case .received(let apdu):
                    try await apdu.respond(response: tap.processCommand(apdu: apdu.payload))
                case .readerDeselected, .sessionInvalidated:
                    tap.deactivated(reason: .linkLoss)
                    while let event = tap.nextEvent() { await self.show(event) }
                default:
                    break
                }
            }
        }
    }

    private func show(_ event: TapEvent) {
        switch event {
        case .granted: message = "Open"
        case .refused(_, _, _, _, let code, _, _): message = "Not open (\(code))"
        case .presenceNeeded: message = "Unlock the phone and tap again"
        case .readerUnknown(let code, _): message = "Not a door of yours (\(code))"
        case .failed(let code, _): message = "Tap again (\(code))"
        }
    }

    private func attempt(_ work: (PhoneWallet) async throws -> Void) async {
        do {
            let wallet = try self.wallet ?? PhoneWallet.open(
                storage: Files(), keys: EnclaveKeys(), http: PlatformHttp(), deviceName: "iPhone", platform: "ios")
            self.wallet = wallet
            try await work(wallet)
            cards = wallet.cards()
        } catch let error as WalletError {
            switch error {
            case .Retry(let code, _): message = "Try again later (\(code))"
            case .Restart(let code, _, _): message = "Ask for a new invitation (\(code))"
            case .Denied(let code, _, _): message = "Ask your administrator (\(code))"
            case .Storage(let code, _): message = "The phone's storage failed (\(code))"
            case .Misuse(let code, _): message = "Report this to the maker of the app (\(code))"
            }
        } catch {
            message = error.localizedDescription
        }
    }
}

/// Requests to managers through the platform's own HTTP, so that the library carries none.
final class PlatformHttp: NSObject, HttpTransport, URLSessionTaskDelegate, @unchecked Sendable {
    private lazy var session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)

    func send(query: HttpQuery) throws -> HttpReply {
        guard let url = URL(string: query.url) else { throw HttpError.Unreachable }
        var request = URLRequest(url: url, timeoutInterval: 30)
        if let etag = query.ifNoneMatch { request.setValue(etag, forHTTPHeaderField: "If-None-Match") }
        if let json = query.json {
            request.httpMethod = "POST"
            request.httpBody = json
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let answered = DispatchSemaphore(value: 0)
        var result: Result<HttpReply, HttpError> = .failure(.Unreachable)
        session.dataTask(with: request) { body, response, error in
            if let response = response as? HTTPURLResponse {
                result = .success(HttpReply(status: UInt16(response.statusCode), body: body ?? Data()))
            } else if let error = error as? URLError {
                switch error.code {
                case .timedOut: result = .failure(.TimedOut)
                case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate:
                    result = .failure(.NotTrusted)
                default: break
                }
            }
            answered.signal()
        }.resume()
        answered.wait()
        return try result.get()
    }

    // Redirections are not followed.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

/// A card session runs only while the app is in front, and so the phone is unlocked.
final class Unlocked: PresenceSource {
    func given() -> Presence { .unlocked }
}

/// Holder keys and the key that seals the wallet, in the Secure Enclave.
final class EnclaveKeys: KeyVault {
    private let wrapping = "wallet-wrapping-key"
    private let sealing = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM

    func make(name: String) throws -> Data {
        if find(name) == nil {
            var error: Unmanaged<CFError>?
            guard let access = SecAccessControlCreateWithFlags(
                nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, &error)
            else { throw KeyError.Failed }
            let attributes: [CFString: Any] = [
                kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
                kSecAttrKeySizeInBits: 256,
                kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
                kSecPrivateKeyAttrs: [
                    kSecAttrIsPermanent: true,
                    kSecAttrApplicationTag: Data(name.utf8),
                    kSecAttrAccessControl: access,
                ] as [CFString: Any],
            ]
            guard SecKeyCreateRandomKey(attributes as CFDictionary, &error) != nil
            else { throw KeyError.Failed }
        }
        return try publicKey(name: name)
    }

    func publicKey(name: String) throws -> Data {
        guard let key = find(name), let point = SecKeyCopyPublicKey(key),
              let octets = SecKeyCopyExternalRepresentation(point, nil)
        else { throw KeyError.NoSuchKey }
        return octets as Data
    }

    func sign(name: String, message: Data) throws -> Data {
        guard let key = find(name) else { throw KeyError.NoSuchKey }
        guard let signature = SecKeyCreateSignature(
            key, .ecdsaSignatureMessageX962SHA256, message as CFData, nil)
        else { throw KeyError.Locked }
        return signature as Data
    }

    func delete(name: String) throws {
        let status = SecItemDelete(query(name) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound
        else { throw KeyError.Failed }
    }

    func wrap(key: Data) throws -> Data {
        _ = try make(name: wrapping)
        guard let own = find(wrapping), let point = SecKeyCopyPublicKey(own),
              let wrapped = SecKeyCreateEncryptedData(point, sealing, key as CFData, nil)
        else { throw KeyError.Failed }
        return wrapped as Data
    }

    func unwrap(wrapped: Data) throws -> Data {
        guard let own = find(wrapping),
              let key = SecKeyCreateDecryptedData(own, sealing, wrapped as CFData, nil)
        else { throw KeyError.NoSuchKey }
        return key as Data
    }

    private func query(_ name: String) -> [CFString: Any] {
        [kSecClass: kSecClassKey, kSecAttrApplicationTag: Data(name.utf8),
         kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom]
    }

    private func find(_ name: String) -> SecKey? {
        var found: CFTypeRef?
        let wanted = query(name).merging([kSecReturnRef: true]) { one, _ in one }
        guard SecItemCopyMatching(wanted as CFDictionary, &found) == errSecSuccess else { return nil }
        return (found as! SecKey)
    }
}

/// Files in the app's own directory.
final class Files: WalletStorage {
    private let directory = URL.applicationSupportDirectory.appending(path: "wallet")

    init() {
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    func load(name: String) throws -> Data? {
        let file = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        guard let octets = try? Data(contentsOf: file) else { throw StorageFailure.Failed }
        return octets
    }

    func store(name: String, octets: Data) throws {
        let (file, new) = (directory.appending(path: name), directory.appending(path: name + ".new"))
        do {
            try octets.write(to: new, options: .completeFileProtectionUntilFirstUserAuthentication)
            let handle = try FileHandle(forUpdating: new)
            try handle.synchronize()
            try handle.close()
        } catch { throw StorageFailure.Failed }
        guard rename(new.path, file.path) == 0 else { throw StorageFailure.Failed }
    }

    func append(name: String, octets: Data) throws {
        do {
            let handle = try FileHandle(forWritingTo: directory.appending(path: name))
            try handle.seekToEnd()
            try handle.write(contentsOf: octets)
            try handle.synchronize()
            try handle.close()
        } catch { throw StorageFailure.Failed }
    }

    func remove(name: String) throws {
        try? FileManager.default.removeItem(at: directory.appending(path: name))
    }
}
