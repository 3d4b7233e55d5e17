//! Words of the page where a subscription is changed.

use super::words;

words! {
    TITLE = "Your subscription", "Ihr Abonnement", "Votre abonnement", "Su suscripción", "La Sua iscrizione", "A sua assinatura";
    NOT_CHANGED = "Nothing was changed.", "Es wurde nichts geändert.", "Rien n’a été modifié.", "No se ha cambiado nada.", "Non è stato modificato nulla.", "Nada foi alterado.";
    NEW_SECRET = "Your new signing secret", "Ihr neues Signaturgeheimnis", "Votre nouveau secret de signature", "Su nuevo secreto de firma", "Il Suo nuovo segreto di firma", "O seu novo segredo de assinatura";
    SHOWN_ONCE = "Shown this once. For 24 hours messages are signed with this one and with the one before.", "Es wird nur dieses eine Mal angezeigt. 24 Stunden lang werden Nachrichten mit diesem und mit dem vorigen signiert.", "Affiché cette seule fois. Pendant 24 heures, les messages sont signés avec celui-ci et avec le précédent.", "Solo se muestra esta vez. Durante 24 horas los mensajes se firman con este y con el anterior.", "Mostrato solo questa volta. Per 24 ore i messaggi sono firmati con questo e con il precedente.", "Mostrado apenas desta vez. Durante 24 horas as mensagens são assinadas com este e com o anterior.";
    CONTACT = "Whom to write to when the endpoint fails", "An wen wir schreiben, wenn der Endpunkt ausfällt", "À qui écrire si le point de terminaison échoue", "A quién escribir si falla el endpoint", "A chi scrivere se l’endpoint non funziona", "A quem escrever se o endpoint falhar";
    SAVE = "Save", "Speichern", "Enregistrer", "Guardar", "Salva", "Guardar";
    GO_ON = "Go on now", "Jetzt fortsetzen", "Reprendre maintenant", "Reanudar ahora", "Riprendi ora", "Retomar agora";
    HOW_LONG = "How long?", "Wie lange?", "Combien de temps ?", "¿Cuánto tiempo?", "Per quanto tempo?", "Durante quanto tempo?";
    ONE_DAY = "1 day", "1 Tag", "1 jour", "1 día", "1 giorno", "1 dia";
    ONE_WEEK = "1 week", "1 Woche", "1 semaine", "1 semana", "1 settimana", "1 semana";
    FOUR_WEEKS = "4 weeks", "4 Wochen", "4 semaines", "4 semanas", "4 settimane", "4 semanas";
    UNTIL_I_SAY = "Until I say so", "Bis auf Weiteres", "Jusqu’à nouvel ordre", "Hasta nuevo aviso", "Fino a nuovo avviso", "Até novo aviso";
    PAUSE = "Pause", "Pausieren", "Suspendre", "Pausar", "Sospendi", "Suspender";
    NOT_AFTERWARDS = "What is published meanwhile is not sent afterwards.", "Was in dieser Zeit veröffentlicht wird, wird nicht nachgesendet.", "Ce qui est publié entre-temps n’est pas envoyé ensuite.", "Lo que se publique mientras tanto no se envía después.", "Ciò che viene pubblicato nel frattempo non viene inviato dopo.", "O que for publicado entretanto não é enviado depois.";
    SECRET_OVERLAP = "A new signing secret is shown once. For 24 hours messages carry two signatures, so that your receiver can change over.", "Ein neues Signaturgeheimnis wird einmal angezeigt. 24 Stunden lang tragen Nachrichten zwei Signaturen, damit Ihr Empfänger umstellen kann.", "Un nouveau secret de signature est affiché une seule fois. Pendant 24 heures, les messages portent deux signatures pour que votre récepteur puisse basculer.", "Un nuevo secreto de firma se muestra una vez. Durante 24 horas los mensajes llevan dos firmas para que su receptor pueda cambiar.", "Un nuovo segreto di firma viene mostrato una volta. Per 24 ore i messaggi portano due firme, così il Suo ricevitore può passare al nuovo.", "Um novo segredo de assinatura é mostrado uma vez. Durante 24 horas as mensagens levam duas assinaturas digitais, para que o seu recetor possa mudar.";
    MAKE_SECRET = "Make a new secret", "Neues Geheimnis erzeugen", "Créer un nouveau secret", "Crear un nuevo secreto", "Crea un nuovo segreto", "Criar um novo segredo";
    KEY_ALSO = "If your receiver should hold no secret, messages can carry a second signature (v1a, Ed25519) that a public key proves.", "Wenn Ihr Empfänger kein Geheimnis halten soll, können Nachrichten eine zweite Signatur tragen (v1a, Ed25519), die ein öffentlicher Schlüssel belegt.", "Si votre récepteur ne doit détenir aucun secret, les messages peuvent porter une seconde signature (v1a, Ed25519) qu’une clé publique prouve.", "Si su receptor no debe guardar ningún secreto, los mensajes pueden llevar una segunda firma (v1a, Ed25519) que una clave pública demuestra.", "Se il Suo ricevitore non deve custodire segreti, i messaggi possono portare una seconda firma (v1a, Ed25519) provata da una chiave pubblica.", "Se o seu recetor não deve guardar segredos, as mensagens podem levar uma segunda assinatura (v1a, Ed25519) que uma chave pública comprova.";
    WITH_KEY = "Sign with a key pair too", "Auch mit einem Schlüsselpaar signieren", "Signer aussi avec une paire de clés", "Firmar también con un par de claves", "Firma anche con una coppia di chiavi", "Assinar também com um par de chaves";
    KEY_SIGNED = "Messages are also signed with a key pair (v1a, Ed25519). Its public key:", "Nachrichten werden auch mit einem Schlüsselpaar signiert (v1a, Ed25519). Der öffentliche Schlüssel:", "Les messages sont aussi signés avec une paire de clés (v1a, Ed25519). La clé publique :", "Los mensajes se firman también con un par de claves (v1a, Ed25519). La clave pública:", "I messaggi sono firmati anche con una coppia di chiavi (v1a, Ed25519). La chiave pubblica:", "As mensagens também são assinadas com um par de chaves (v1a, Ed25519). A chave pública:";
    NO_KEY = "Only with the secret again", "Wieder nur mit dem Geheimnis", "De nouveau seulement avec le secret", "De nuevo solo con el secreto", "Di nuovo solo con il segreto", "De novo apenas com o segredo";
    ENDPOINT = "Your endpoint", "Ihr Endpunkt", "Votre point de terminaison", "Su endpoint", "Il Suo endpoint", "O seu endpoint";
    SEND_TEST = "Send a test", "Test senden", "Envoyer un test", "Enviar una prueba", "Invia una prova", "Enviar um teste";
    SEND_AGAIN = "Send again what was given up", "Aufgegebenes erneut senden", "Renvoyer ce qui a été abandonné", "Reenviar lo abandonado", "Invia di nuovo quanto abbandonato", "Reenviar o que foi abandonado";
    SEND_ONE_AGAIN = "Send again", "Erneut senden", "Renvoyer", "Reenviar", "Invia di nuovo", "Reenviar";
    FIRST_DAY = "First day (UTC)", "Erster Tag (UTC)", "Premier jour (UTC)", "Primer día (UTC)", "Primo giorno (UTC)", "Primeiro dia (UTC)";
    LAST_DAY = "Last day (UTC)", "Letzter Tag (UTC)", "Dernier jour (UTC)", "Último día (UTC)", "Ultimo giorno (UTC)", "Último dia (UTC)";
    TRY_AGAIN = "Try it again", "Erneut prüfen", "Réessayer", "Probar de nuevo", "Riprova", "Tentar de novo";
    ASKED_ONCE = "It is asked once; messages start when it answers. What was given up meanwhile can be sent again then.", "Er wird einmal angefragt; die Nachrichten beginnen, wenn er antwortet. Was inzwischen aufgegeben wurde, kann dann erneut gesendet werden.", "Il est interrogé une fois ; les messages commencent dès qu’il répond. Ce qui a été abandonné entre-temps pourra alors être renvoyé.", "Se le consulta una vez; los mensajes empiezan cuando responda. Lo abandonado mientras tanto podrá reenviarse entonces.", "Viene interrogato una volta; i messaggi iniziano quando risponde. Quanto abbandonato nel frattempo potrà allora essere inviato di nuovo.", "É consultado uma vez; as mensagens começam quando responder. O que foi abandonado entretanto poderá então ser reenviado.";
    LAST_MESSAGES = "Last messages", "Letzte Nachrichten", "Derniers messages", "Últimos mensajes", "Ultimi messaggi", "Últimas mensagens";
    WHEN = "When", "Wann", "Quand", "Cuándo", "Quando", "Quando";
    WHAT = "What", "Was", "Quoi", "Qué", "Che cosa", "O quê";
    STATE = "State", "Stand", "État", "Estado", "Stato", "Estado";
    ANSWER = "Answer", "Antwort", "Réponse", "Respuesta", "Risposta", "Resposta";
    YOUR_DATA = "Your data", "Ihre Daten", "Vos données", "Sus datos", "I Suoi dati", "Os seus dados";
    DOWNLOAD = "Download what we keep about you", "Herunterladen, was wir über Sie speichern", "Télécharger ce que nous conservons sur vous", "Descargar lo que guardamos sobre usted", "Scarica ciò che conserviamo su di Lei", "Descarregar o que guardamos sobre si";
    ERASE_ALL = "Erase everything that you keep about me, at once", "Alles, was Sie über mich speichern, sofort löschen", "Effacer immédiatement tout ce que vous conservez sur moi", "Borrar de inmediato todo lo que guardan sobre mí", "Cancellare subito tutto ciò che conservate su di me", "Apagar de imediato tudo o que guardam sobre mim";
    ERASE = "Erase", "Löschen", "Effacer", "Borrar", "Cancella", "Apagar";

    SAVED = "Saved.", "Gespeichert.", "Enregistré.", "Guardado.", "Salvato.", "Guardado.";
    PAUSED = "Paused.", "Pausiert.", "Suspendu.", "En pausa.", "Sospesa.", "Suspensa.";
    RESUMED = "It goes on.", "Es geht weiter.", "C’est reparti.", "Reanudada.", "Ripresa.", "Retomada.";
    TESTED = "A test is on its way. Load this page again to see what came of it.", "Ein Test ist unterwegs. Laden Sie diese Seite neu, um das Ergebnis zu sehen.", "Un test est en route. Rechargez cette page pour voir le résultat.", "Hay una prueba en camino. Vuelva a cargar esta página para ver el resultado.", "Una prova è in arrivo. Ricarichi la pagina per vedere l’esito.", "Um teste está a caminho. Recarregue esta página para ver o resultado.";
    REPLAYED = "What was given up is sent again, after everything that is new.", "Was aufgegeben wurde, wird erneut gesendet, nach allem Neuen.", "Ce qui a été abandonné est renvoyé, après tout ce qui est nouveau.", "Lo abandonado se reenvía, después de todo lo nuevo.", "Quanto abbandonato viene inviato di nuovo, dopo tutto ciò che è nuovo.", "O que foi abandonado é reenviado, depois de tudo o que é novo.";
    REPLAYED_ONE = "This message is sent again, after everything that is new.", "Diese Nachricht wird erneut gesendet, nach allem Neuen.", "Ce message est renvoyé, après tout ce qui est nouveau.", "Este mensaje se reenvía, después de todo lo nuevo.", "Questo messaggio viene inviato di nuovo, dopo tutto ciò che è nuovo.", "Esta mensagem é reenviada, depois de tudo o que é novo.";
    ASKED = "Your endpoint is being asked. Messages start once it answers.", "Ihr Endpunkt wird angefragt. Die Nachrichten beginnen, sobald er antwortet.", "Votre point de terminaison est interrogé. Les messages commencent dès qu’il répond.", "Se está consultando su endpoint. Los mensajes empiezan cuando responda.", "Il Suo endpoint viene interrogato. I messaggi iniziano quando risponde.", "O seu endpoint está a ser consultado. As mensagens começam quando responder.";
    PAUSED_OPEN = "Paused until you say so.", "Pausiert, bis Sie es fortsetzen.", "Suspendu jusqu’à ce que vous le repreniez.", "En pausa hasta que usted la reanude.", "Sospesa finché non la riprende.", "Suspensa até que a retome.";
    PAUSED_UNTIL = "Paused until {0} on {1}.", "Pausiert bis {1}, {0}.", "Suspendu jusqu’au {1}, {0}.", "En pausa hasta el {1}, {0}.", "Sospesa fino al {1}, {0}.", "Suspensa até {1}, {0}.";
    YOU_GET = "You get updates about {0}.", "Sie erhalten Meldungen zu {0}.", "Vous recevez les mises à jour concernant {0}.", "Recibe actualizaciones sobre {0}.", "Riceve aggiornamenti su {0}.", "Recebe atualizações sobre {0}.";
    NOT_CONFIRMED = "You have not confirmed this yet.", "Sie haben dies noch nicht bestätigt.", "Vous ne l’avez pas encore confirmé.", "Aún no la ha confirmado.", "Non l’ha ancora confermata.", "Ainda não a confirmou.";
    NOT_ANSWERED = "Your endpoint has not answered the challenge yet; the operator can approve it.", "Ihr Endpunkt hat die Challenge noch nicht beantwortet; der Betreiber kann ihn freigeben.", "Votre point de terminaison n’a pas encore répondu au challenge ; l’opérateur peut l’approuver.", "Su endpoint aún no ha respondido al challenge; el operador puede aprobarlo.", "Il Suo endpoint non ha ancora risposto alla challenge; l’operatore può approvarlo.", "O seu endpoint ainda não respondeu ao challenge; o operador pode aprová-lo.";
    GIVEN_UP = "Your endpoint failed for days, or said that it is gone: nothing is sent any more.", "Ihr Endpunkt ist tagelang ausgefallen oder hat gemeldet, dass es ihn nicht mehr gibt: Es wird nichts mehr gesendet.", "Votre point de terminaison a échoué pendant des jours ou a répondu qu’il n’existe plus : plus rien n’est envoyé.", "Su endpoint ha fallado durante días o ha respondido que ya no existe: no se envía nada más.", "Il Suo endpoint non ha funzionato per giorni o ha risposto di non esistere più: non viene più inviato nulla.", "O seu endpoint falhou durante dias ou respondeu que já não existe: não é enviado mais nada.";
    OVER = "This subscription has ended.", "Dieses Abonnement ist beendet.", "Cet abonnement est terminé.", "Esta suscripción ha terminado.", "Questa iscrizione è terminata.", "Esta assinatura terminou.";

    A_CONFIRMATION = "question whether you want this", "Rückfrage, ob Sie dies wünschen", "demande de confirmation", "solicitud de confirmación", "richiesta di conferma", "pedido de confirmação";
    A_KNOWN = "that you are subscribed already", "Hinweis, dass Ihr Abonnement bereits besteht", "rappel de votre abonnement", "aviso de que su suscripción ya existe", "avviso che l’iscrizione esiste già", "aviso de que já tem uma assinatura";
    A_CHALLENGE = "challenge", "Challenge-Anfrage", "envoi du challenge", "envío del challenge", "invio della challenge", "envio do challenge";
    A_WELCOME = "first message", "erste Nachricht", "premier message", "primer mensaje", "primo messaggio", "primeira mensagem";
    A_TEST = "test", "Testnachricht", "message de test", "prueba", "prova", "teste";
    A_FAILING = "that your endpoint fails", "Hinweis auf einen gestörten Endpunkt", "avis d’échec de votre point de terminaison", "aviso de que su endpoint falla", "avviso che il Suo endpoint non funziona", "aviso de que o seu endpoint falha";
    A_DISABLED = "that your endpoint was given up", "Hinweis auf einen aufgegebenen Endpunkt", "avis d’abandon de votre point de terminaison", "aviso de que se abandonó su endpoint", "avviso che il Suo endpoint è stato abbandonato", "aviso de que o seu endpoint foi abandonado";
    A_CHANGE = "a measured change", "eine gemessene Änderung", "un changement mesuré", "un cambio medido", "un cambiamento misurato", "uma alteração medida";
    A_DIGEST = "measured changes", "gemessene Änderungen", "des changements mesurés", "cambios medidos", "cambiamenti misurati", "alterações medidas";
    A_VERDICT = "verdict on a canary", "Urteil über einen Canary", "verdict sur un canari", "veredicto sobre un canario", "verdetto su un canary", "veredito sobre um canário";
    AN_UPDATE = "update of an incident", "Meldung zu einer Störung", "mise à jour d’un incident", "actualización de una incidencia", "aggiornamento di un incidente", "atualização de um incidente";
    EVERY_ATTEMPT = "Every attempt", "Jeder Versuch", "Chaque tentative", "Cada intento", "Ogni tentativo", "Cada tentativa";
    TOOK = "Took", "Dauer", "Durée", "Duración", "Durata", "Duração";
    HAS_FAILED = "failed", "fehlgeschlagen", "échouée", "fallido", "fallito", "falhada";
    IS_QUEUED = "queued", "wartet", "en attente", "en espera", "in attesa", "em espera";
    IS_LEASED = "leased", "wird gesendet", "envoi en cours", "enviándose", "in invio", "a enviar";
    IS_DELIVERED = "delivered", "zugestellt", "remis", "entregado", "consegnato", "entregue";
    IS_DEAD = "dead", "aufgegeben", "abandonné", "abandonado", "abbandonato", "abandonado";
    IS_SKIPPED = "skipped", "übersprungen", "ignoré", "omitido", "saltato", "ignorado";
    IS_SUPERSEDED = "superseded", "überholt", "remplacé", "sustituido", "superato", "substituído";
}
