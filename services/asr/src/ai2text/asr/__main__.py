from ai2text.asr.main import main

if __name__ == "__main__":
    main()
