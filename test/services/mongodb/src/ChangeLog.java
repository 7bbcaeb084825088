import de.bwaldvogel.mongo.backend.AbstractCursor;
import de.bwaldvogel.mongo.backend.Cursor;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.aggregation.Aggregation;
import de.bwaldvogel.mongo.bson.BsonTimestamp;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import de.bwaldvogel.mongo.oplog.Oplog;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.WeakHashMap;

/** The changes of all collections in their order, and change streams over them that behave as mongod's manual says. */
final class ChangeLog implements Oplog {
    private static final int KEPT = 100_000;
    /** As mongod, a batch is cut off somewhere. */
    private static final int FIRST_BATCH = 101;

    private record Entry(String namespace, String type, Object id, Instant wallTime) { }

    private final CursorRegistry registry;
    private final Map<ChangeCursor, Boolean> cursors = new WeakHashMap<>();
    private final NavigableMap<Long, Entry> entries = new TreeMap<>();
    private long last = System.currentTimeMillis() / 1000 << 32;
    /** Tokens before this one cannot be gone on from. */
    private long forgotten = last;

    ChangeLog(CursorRegistry registry) {
        this.registry = registry;
    }

    @Override public void handleInsert(String namespace, List<Document> documents) {
        documents.forEach(document -> add(namespace, "insert", document.get("_id")));
    }

    @Override public void handleUpdate(String namespace, Document selector, Document query, List<Object> modifiedIds) {
        boolean operators = query.keySet().stream().anyMatch(key -> key.startsWith("$"));
        modifiedIds.forEach(id -> add(namespace, operators ? "update" : "replace", id));
    }

    @Override public void handleDelete(String namespace, Document query, List<Object> deletedIds) {
        deletedIds.forEach(id -> add(namespace, "delete", id));
    }

    @Override public void handleDropCollection(String namespace) {
        add(namespace, "drop", null);
        add(namespace, "invalidate", null);
    }

    private synchronized void add(String namespace, String type, Object id) {
        last = Math.max(last, System.currentTimeMillis() / 1000 << 32) + 1;
        entries.put(last, new Entry(namespace, type, id, Instant.now()));
        if (entries.size() > KEPT) {
            forgotten = entries.pollFirstEntry().getKey();
        }
        notifyAll();
    }

    synchronized BsonTimestamp now() {
        return new BsonTimestamp(last);
    }

    @Override public synchronized Cursor createCursor(Document stage, String namespace, Aggregation aggregation) {
        Object token = stage.containsKey("startAfter") ? stage.get("startAfter") : stage.get("resumeAfter");
        long start = last;
        if (token != null) {
            start = parse(token);
        } else if (stage.get("startAtOperationTime") instanceof BsonTimestamp time) {
            start = time.getValue() - 1;
        }
        if (start < forgotten) {
            throw new MongoServerError(286, "ChangeStreamHistoryLost",
                "Resume of change stream was not possible, as the resume point may no longer be in the oplog.");
        }
        ChangeCursor cursor = new ChangeCursor(registry.generateCursorId(), namespace, aggregation, start);
        registry.add(cursor);
        cursors.put(cursor, true);
        return cursor;
    }

    private static long parse(Object token) {
        if (token instanceof Document document && document.get("_data") instanceof String data && data.matches("[0-9A-F]{16}")) {
            return Long.parseLong(data, 16);
        }
        throw new MongoServerError(260, "InvalidResumeToken", "invalid resume token");
    }

    /** Waits, as a tailing getMore does, until there is something for this cursor. */
    synchronized void await(long cursorId, long milliseconds) {
        ChangeCursor cursor = find(cursorId);
        long deadline = System.currentTimeMillis() + milliseconds;
        try {
            while (cursor != null && cursor.next(1).isEmpty() && System.currentTimeMillis() < deadline) {
                wait(Math.max(1, deadline - System.currentTimeMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void putToken(Document response) {
        ChangeCursor cursor = response.get("id") instanceof Number id ? find(id.longValue()) : null;
        if (cursor != null) {
            response.put("postBatchResumeToken", token(cursor.position));
        }
    }

    private ChangeCursor find(long id) {
        return cursors.keySet().stream().filter(cursor -> cursor.getId() == id).findFirst().orElse(null);
    }

    private static Document token(long time) {
        return new Document("_data", String.format("%016X", time));
    }

    private static Document toEvent(long time, Entry entry) {
        int dot = entry.namespace.indexOf('.');
        Document event = new Document("_id", token(time)).append("operationType", entry.type)
            .append("clusterTime", new BsonTimestamp(time)).append("wallTime", entry.wallTime);
        if (!entry.type.equals("invalidate")) {
            event.append("ns", new Document("db", entry.namespace.substring(0, dot)).append("coll", entry.namespace.substring(dot + 1)));
        }
        return entry.id == null ? event : event.append("documentKey", new Document("_id", entry.id));
    }

    private final class ChangeCursor extends AbstractCursor {
        private final String namespace;
        private final Aggregation aggregation;
        private long position;

        ChangeCursor(long id, String namespace, Aggregation aggregation, long position) {
            super(id);
            this.namespace = namespace;
            this.aggregation = aggregation;
            this.position = position;
        }

        @Override public boolean isEmpty() {
            return false;
        }

        private List<Map.Entry<Long, Entry>> next(int limit) {
            List<Map.Entry<Long, Entry>> found = new ArrayList<>();
            for (Map.Entry<Long, Entry> entry : entries.tailMap(position, false).entrySet()) {
                if (found.size() < limit && entry.getValue().namespace.equals(namespace)) {
                    found.add(entry);
                }
            }
            return found;
        }

        @Override public List<Document> takeDocuments(int numberToReturn) {
            synchronized (ChangeLog.this) {
                int limit = numberToReturn > 0 ? numberToReturn : FIRST_BATCH;
                List<Map.Entry<Long, Entry>> taken = next(limit);
                position = taken.size() == limit ? taken.get(limit - 1).getKey() : last;
                return aggregation.runStagesAsStream(taken.stream().map(entry -> toEvent(entry.getKey(), entry.getValue()))).toList();
            }
        }
    }
}
