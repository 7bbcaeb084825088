import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;

import io.netty.channel.Channel;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A server of MongoDB's wire protocol with change streams, for tests; data lives in memory.
 * usage: MongoService PORT
 */
public final class MongoService {

    /** Presents as MongoDB 5.0 with that release's wire version. */
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override public List<Integer> getVersionArray() { return List.of(5, 0, 0); }
        @Override public int getWireVersion() { return 13; }
    };

    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        Backend backend = new Backend("127.0.0.1:" + port);
        backend.version(VERSION);
        backend.enableOplog();
        MongoServer server = new MongoServer(backend);
        try {
            server.bind("127.0.0.1", port);
        } catch (Exception e) {
            System.err.println("cannot listen on " + port + ": " + e.getMessage());
            System.exit(1); // server threads would keep the process alive
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("ready");
    }

    /** Adds to the library what mongod answers as the primary of a replica set. */
    private static final class Backend extends MemoryBackend {
        private final String address;
        private final ChangeLog log = new ChangeLog(getCursorRegistry());
        private final Map<String, UUID> collectionIds = new ConcurrentHashMap<>();

        Backend(String address) {
            this.address = address;
        }

        @Override protected Oplog createOplog() {
            return log;
        }

        @Override public Document handleCommand(Channel channel, String database, String command, Document query) {
            String name = command.toLowerCase(Locale.ROOT);
            if (name.equals("endsessions") || name.equals("refreshsessions")) {
                return new Document("ok", 1.0);
            }
            if (name.equals("getmore") && query.get(command) instanceof Number id) {
                log.await(id.longValue(), query.get("maxTimeMS") instanceof Number ms ? ms.longValue() : 1000);
            }
            if (name.equals("drop")) {
                collectionIds.remove(database + "." + query.get(command));
            }
            if (name.equals("dropdatabase")) {
                collectionIds.keySet().removeIf(namespace -> namespace.startsWith(database + "."));
            }
            Document response = super.handleCommand(channel, database, name.equals("hello") ? "ismaster" : command, query);
            if (name.equals("hello") || name.equals("ismaster")) {
                describeReplicaSet(response);
            }
            if (response.get("cursor") instanceof Document cursor) {
                log.putToken(cursor);
                if (name.equals("listcollections") && cursor.get("firstBatch") instanceof List<?> collections) {
                    collections.forEach(one -> putId(database, (Document) one));
                }
            }
            return response.append("operationTime", log.now());
        }

        private void describeReplicaSet(Document response) {
            response.append("isWritablePrimary", true).append("helloOk", true).append("setName", "tests").append("setVersion", 1)
                .append("hosts", List.of(address)).append("me", address).append("primary", address)
                .append("logicalSessionTimeoutMinutes", 30);
        }

        private void putId(String database, Document collection) {
            UUID id = collectionIds.computeIfAbsent(database + "." + collection.get("name"), namespace -> UUID.randomUUID());
            ((Document) collection.get("info")).append("uuid", id);
        }
    }
}
