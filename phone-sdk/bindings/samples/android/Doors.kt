// A whole app: a card for doors, an activity that activates it, and the keys in the Android Keystore.
package com.example.doors

import android.app.Activity
import android.app.KeyguardManager
import android.content.Context
import android.content.Intent
import android.nfc.cardemulation.HostApduService
import android.os.Bundle
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import android.widget.TextView
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.net.HttpURLConnection
import java.net.SocketTimeoutException
import java.net.URL
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import javax.net.ssl.SSLException
import kotlin.concurrent.thread
import kotlinx.coroutines.runBlocking
import uniffi.ostiary_phone.*

/** One wallet for the whole process: the service and the activity share it. */
object Doors {
    @Volatile private var opened: PhoneWallet? = null

    @Synchronized
    fun wallet(context: Context): PhoneWallet = opened ?: PhoneWallet.open(
        Files(File(context.noBackupFilesDir, "wallet")), AndroidKeys, AndroidHttp, android.os.Build.MODEL, "android",
    ).also { opened = it }
}

/** Started by the system when a reader selects the application, also when the app is not running. */
class DoorService : HostApduService() {
    private val tap by lazy { Doors.wallet(this).nfc(Lock(this)) }

    override fun processCommandApdu(apdu: ByteArray, extras: Bundle?): ByteArray = tap.processCommand(apdu)

    override fun onDeactivated(reason: Int) {
        tap.deactivated(if (reason == DEACTIVATION_DESELECTED) Deactivation.DESELECTED else Deactivation.LINK_LOSS)
        while (true) show(tap.nextEvent() ?: break)
    }

    private fun show(event: TapEvent) {
        val text = when (event) {
            is TapEvent.Granted -> "Open"
            is TapEvent.Refused -> "Not open (${event.code})"
            is TapEvent.PresenceNeeded -> "Unlock the phone and tap again"
            is TapEvent.ReaderUnknown -> "Not a door of yours (${event.code})"
            is TapEvent.Failed -> "Tap again (${event.code})"
        }
        startActivity(Intent(this, DoorActivity::class.java).putExtra("result", text).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    }
}

class Lock(context: Context) : PresenceSource {
    private val keyguard = context.getSystemService(KeyguardManager::class.java)

    override fun given() = if (keyguard.isDeviceLocked) Presence.NONE else Presence.UNLOCKED
}

/** Opens the link of an invitation, and shows the cards and what doors said. */
class DoorActivity : Activity() {
    private val text by lazy { TextView(this).also { setContentView(it) } }

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        onNewIntent(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        val link = intent.dataString
        val result = intent.getStringExtra("result")
        thread {
            val said = try {
                runBlocking {
                    val wallet = Doors.wallet(this@DoorActivity)
                    if (link != null) wallet.activate(link)
                    wallet.renewDue()
                    wallet.cards().joinToString("\n") { "${it.projectName}: ${it.firstName} ${it.lastName}, ${it.state}" }
                }
            } catch (error: WalletException) {
                when (error) {
                    is WalletException.Retry -> "Try again later (${error.code})"
                    is WalletException.Restart -> "Ask for a new invitation (${error.code})"
                    is WalletException.Denied -> "Ask your administrator (${error.code})"
                    is WalletException.Storage -> "The phone's storage failed (${error.code})"
                    is WalletException.Misuse -> "Report this to the maker of the app (${error.code})"
                }
            }
            runOnUiThread { text.text = listOfNotNull(result, said).joinToString("\n\n") }
        }
    }
}

/** Requests to managers through the platform's own HTTP, so that the library carries none. */
object AndroidHttp : HttpTransport {
    override fun send(query: HttpQuery): HttpReply = try {
        (URL(query.url).openConnection() as HttpURLConnection).run {
            instanceFollowRedirects = false
            connectTimeout = 10_000
            readTimeout = 30_000
            query.ifNoneMatch?.let { setRequestProperty("If-None-Match", it) }
            query.json?.let { json ->
                doOutput = true
                setRequestProperty("Content-Type", "application/json")
                outputStream.use { it.write(json) }
            }
            val body = if (responseCode >= 400) errorStream else inputStream
            HttpReply(responseCode.toUShort(), body?.use { it.readBytes() } ?: ByteArray(0))
        }
    } catch (_: SocketTimeoutException) {
        throw HttpException.TimedOut()
    } catch (_: SSLException) {
        throw HttpException.NotTrusted()
    } catch (_: IOException) {
        throw HttpException.Unreachable()
    }
}

/** Holder keys and the key that seals the wallet, in the Android Keystore. */
object AndroidKeys : KeyVault {
    private const val PROVIDER = "AndroidKeyStore"
    private const val WRAPPING = "wallet-wrapping-key"
    private val store = KeyStore.getInstance(PROVIDER).apply { load(null) }

    override fun make(name: String): ByteArray = failing {
        if (!store.containsAlias(name)) {
            val spec = KeyGenParameterSpec.Builder(name, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
                .build()
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).run {
                initialize(spec)
                generateKeyPair()
            }
        }
        publicKey(name)
    }

    override fun publicKey(name: String): ByteArray = failing {
        val key = store.getCertificate(name)?.publicKey as? ECPublicKey ?: throw KeyException.NoSuchKey()
        // The last 65 octets of the encoding are the uncompressed point.
        key.encoded.run { copyOfRange(size - 65, size) }
    }

    override fun sign(name: String, message: ByteArray): ByteArray = failing {
        val key = store.getKey(name, null) as? PrivateKey ?: throw KeyException.NoSuchKey()
        Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(message)
            sign()
        }
    }

    override fun delete(name: String) = failing { store.deleteEntry(name) }

    override fun wrap(key: ByteArray): ByteArray = failing {
        val cipher = Cipher.getInstance("AES/GCM/NoPadding").apply { init(Cipher.ENCRYPT_MODE, wrapping(true)) }
        cipher.iv + cipher.doFinal(key)
    }

    override fun unwrap(wrapped: ByteArray): ByteArray = failing {
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(Cipher.DECRYPT_MODE, wrapping(false), GCMParameterSpec(128, wrapped, 0, 12))
        try {
            cipher.doFinal(wrapped, 12, wrapped.size - 12)
        } catch (_: javax.crypto.AEADBadTagException) {
            throw KeyException.NoSuchKey()
        }
    }

    private fun wrapping(make: Boolean): SecretKey {
        (store.getKey(WRAPPING, null) as? SecretKey)?.let { return it }
        if (!make) throw KeyException.NoSuchKey()
        val spec = KeyGenParameterSpec.Builder(WRAPPING, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
            init(spec)
            generateKey()
        }
    }

    private fun <T> failing(work: () -> T): T = try {
        work()
    } catch (error: KeyException) {
        throw error
    } catch (_: UserNotAuthenticatedException) {
        throw KeyException.Locked()
    } catch (_: KeyPermanentlyInvalidatedException) {
        throw KeyException.NoSuchKey()
    } catch (_: java.security.GeneralSecurityException) {
        throw KeyException.Failed()
    }
}

/** Files in the app's own directory. */
class Files(private val directory: File) : WalletStorage {
    init {
        directory.mkdirs()
    }

    override fun load(name: String): ByteArray? = failing { File(directory, name).takeIf { it.exists() }?.readBytes() }

    override fun store(name: String, octets: ByteArray) = failing {
        val new = File(directory, "$name.new")
        RandomAccessFile(new, "rw").use {
            it.setLength(0)
            it.write(octets)
            it.fd.sync()
        }
        if (!new.renameTo(File(directory, name))) throw StorageFailure.Failed()
    }

    override fun append(name: String, octets: ByteArray) = failing {
        RandomAccessFile(File(directory, name), "rw").use {
            it.seek(it.length())
            it.write(octets)
            it.fd.sync()
        }
    }

    override fun remove(name: String) {
        File(directory, name).delete()
    }

    private fun <T> failing(work: () -> T): T = try {
        work()
    } catch (_: IOException) {
        throw StorageFailure.Failed()
    }
}
