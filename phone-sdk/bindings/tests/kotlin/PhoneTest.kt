// A phone on the JVM: activated, restarted, tapped, revoked, through the generated bindings only.
//
// Started by `phone-sdk/bindings/check`, which serves a manager and a door and says where they are.

import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.EOFException
import java.io.File
import java.io.RandomAccessFile
import java.net.Socket
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import java.security.spec.X509EncodedKeySpec
import javax.crypto.Cipher
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import uniffi.ostiary_phone.*

class FileStorage(private val directory: File) : WalletStorage {
    init {
        directory.mkdirs()
    }

    override fun load(name: String): ByteArray? = File(directory, name).takeIf { it.exists() }?.readBytes()

    override fun store(name: String, octets: ByteArray) {
        val new = File(directory, "$name.new")
        RandomAccessFile(new, "rw").use {
            it.setLength(0)
            it.write(octets)
            it.fd.sync()
        }
        Files.move(
            new.toPath(), File(directory, name).toPath(),
            StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING,
        )
    }

    override fun append(name: String, octets: ByteArray) {
        RandomAccessFile(File(directory, name), "rw").use {
            it.seek(it.length())
            it.write(octets)
            it.fd.sync()
        }
    }

    override fun remove(name: String) {
        File(directory, name).delete()
    }
}

/** Keys of the JVM's own provider, in files: a stand-in for the Android Keystore. */
class SoftwareKeys(directory: File) : KeyVault {
    private val files = FileStorage(directory)
    private val random = SecureRandom()
    private val wrapping = SecretKeySpec(
        files.load("wrapping-key") ?: ByteArray(32).also { random.nextBytes(it); files.store("wrapping-key", it) },
        "AES",
    )

    override fun make(name: String): ByteArray {
        if (files.load(name) == null) {
            val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
                .generateKeyPair()
            files.store("$name-public", pair.public.encoded)
            files.store(name, pair.private.encoded)
        }
        return publicKey(name)
    }

    override fun publicKey(name: String): ByteArray {
        val encoded = files.load("$name-public") ?: throw KeyException.NoSuchKey()
        val key = KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(encoded)) as ECPublicKey
        val coordinate = { number: java.math.BigInteger ->
            val octets = number.toByteArray()
            ByteArray(32).also {
                val from = maxOf(0, octets.size - 32)
                octets.copyInto(it, 32 - (octets.size - from), from)
            }
        }
        return byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY)
    }

    override fun sign(name: String, message: ByteArray): ByteArray {
        val encoded = files.load(name) ?: throw KeyException.NoSuchKey()
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(encoded)))
            update(message)
            sign()
        }
    }

    override fun delete(name: String) {
        files.remove(name)
        files.remove("$name-public")
    }

    override fun wrap(key: ByteArray): ByteArray {
        val nonce = ByteArray(12).also { random.nextBytes(it) }
        return nonce + cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(key)
    }

    override fun unwrap(wrapped: ByteArray): ByteArray = try {
        cipher(Cipher.DECRYPT_MODE, wrapped.copyOf(12)).doFinal(wrapped, 12, wrapped.size - 12)
    } catch (_: java.security.GeneralSecurityException) {
        throw KeyException.NoSuchKey()
    }

    private fun cipher(mode: Int, nonce: ByteArray) =
        Cipher.getInstance("AES/GCM/NoPadding").apply { init(mode, wrapping, GCMParameterSpec(128, nonce)) }
}

class JvmHttp : HttpTransport {
    private val client = HttpClient.newHttpClient()

    override fun send(query: HttpQuery): HttpReply {
        val request = HttpRequest.newBuilder(URI(query.url))
        query.json?.let {
            request.header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofByteArray(it))
        }
        query.ifNoneMatch?.let { request.header("if-none-match", it) }
        try {
            val answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray())
            return HttpReply(answer.statusCode().toUShort(), answer.body())
        } catch (_: java.io.IOException) {
            throw HttpException.Unreachable()
        }
    }
}

object Unlocked : PresenceSource {
    override fun given() = Presence.UNLOCKED
}

fun openWallet(directory: String) = PhoneWallet.open(
    FileStorage(File(directory, "wallet")), SoftwareKeys(File(directory, "keys")), JvmHttp(), "Kotlin test", "jvm",
)

/** Puts the phone into the door's slot and answers its APDUs until the door is done. */
fun tap(wallet: PhoneWallet, slot: String): List<TapEvent> {
    val nfc = wallet.nfc(Unlocked)
    val (host, port) = slot.split(":")
    Socket(host, port.toInt()).use { socket ->
        socket.tcpNoDelay = true
        val input = DataInputStream(socket.getInputStream())
        val output = DataOutputStream(socket.getOutputStream())
        try {
            while (true) {
                val message = ByteArray(input.readUnsignedShort()).also { input.readFully(it) }
                if (message.size == 1) continue
                val response = nfc.processCommand(message)
                output.write(byteArrayOf((response.size shr 8).toByte(), response.size.toByte()) + response)
                output.flush()
            }
        } catch (_: EOFException) {
        }
    }
    nfc.deactivated(Deactivation.LINK_LOSS)
    return generateSequence { nfc.nextEvent() }.toList()
}

fun check(holds: Boolean, what: String) {
    println(if (holds) "ok: $what" else "FAILED: $what")
    if (!holds) exitProcess(1)
}

fun main(arguments: Array<String>) = runBlocking {
    val directory = arguments[0]
    val (link, slot, revoke) = listOf("LINK", "SLOT", "REVOKE").map { System.getenv(it) }
    var wallet = openWallet(directory)
    check(wallet.cards().isEmpty(), "a new wallet is empty")
    try {
        wallet.activate("https://door.example/")
        check(false, "nonsense is no invitation")
    } catch (error: WalletException.Restart) {
        check(error.code == "not-an-invitation", "nonsense is no invitation")
    }
    val card = wallet.activate(link)
    check(card.firstName == "Anna" && card.state == CardState.ACTIVE, "an invitation is activated")

    wallet = openWallet(directory)
    check(wallet.cards().map { it.id } == listOf(card.id), "the wallet is kept over a restart")
    for (path in listOf(TapPath.FULL, TapPath.FAST)) {
        val event = tap(wallet, slot).single()
        check(event is TapEvent.Granted && event.path == path, "the door opens, ${path.name.lowercase()} path")
    }

    val scan = wallet.scan()
    scan.seen("AA:BB:CC:00:00:07", "Main door", -60)
    check(scan.list().single().name == "Main door", "a reader in range has its name in the list")
    val ble = wallet.ble(Unlocked, BleCentral(opensChannels = false, keepsHandles = false))
    ble.handle(BleEvent.Connected("AA:BB:CC:00:00:07", 185u))
    val action = ble.nextAction()
    check(action is BleAction.Discover && action.service == scan.service(), "a new reader is discovered first")
    ble.handle(BleEvent.Discovered(BleHandles(2u, 1u, null)))
    check(ble.nextAction() is BleAction.Subscribe, "then subscribed to")
    ble.handle(BleEvent.Subscribed)
    check(ble.nextAction() is BleAction.Write && ble.timeoutInMs() != null, "and the phone opens the session")

    val renewed = wallet.renew(card.id)
    check(renewed.userId == card.userId && wallet.nextRenewalAt() != null, "a card is renewed")
    check(ProcessBuilder("sh", "-c", "$revoke >/dev/null").inheritIO().start().waitFor() == 0, "the user is revoked")
    wallet.refresh(card.id)
    check(wallet.cards().single().warning != null, "the revocation list names the card")
    val bringing = tap(wallet, slot).single()
    check(bringing is TapEvent.Granted && bringing.brought || bringing is TapEvent.Refused && bringing.brought,
        "the phone brings the door the list")
    val refused = tap(wallet, slot).single()
    check(refused is TapEvent.Refused && refused.code == "revoked", "the door refuses from then on, and says why")
    try {
        wallet.renew(card.id)
        check(false, "a renewal says that the device is revoked")
    } catch (error: WalletException.Denied) {
        check(error.code == "device-revoked", "a renewal says that the device is revoked")
    }
    check(wallet.cards().single().state == CardState.REVOKED, "the card is revoked")
    wallet.remove(card.id)
    check(openWallet(directory).cards().isEmpty(), "the card is removed")
    val cardLink = System.getenv("CARD_LINK")
    val asked = wallet.requirements(cardLink)
    check(asked.card == "Staff card" && asked.questions == listOf("First pet?"), "an invitation says what it asks")
    fun holder(answer: String) = Holder("m-7", listOf(answer), asked.terms?.version, null)
    try {
        wallet.activateWith(cardLink, holder("Bello"))
        check(false, "a wrong answer is refused")
    } catch (error: WalletException.Restart) {
        check(error.code == "answers-wrong" && error.triesLeft == 4u, "a wrong answer is refused")
    }
    val shown = wallet.activateWith(cardLink, holder("REX"))
    check(shown.state == CardState.SHOW_ONLY && shown.idCard?.cardId == "S-1", "a card to show comes alone")
    check(shown.idCard?.front?.single()?.value == "Anna Berg", "it says what is on it")
    wallet.giveBack(shown.id)
}
