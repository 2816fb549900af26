"""Source: a link or a file becomes a Video, its captions and its media. The only room that imports yt_dlp, and only in its child process."""
